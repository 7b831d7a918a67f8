"""Everything that people and other programs read of a run: files, maps, workbook, words."""
