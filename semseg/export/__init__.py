"""Files that people take along: tables, outlines, report, session; written whole or not at all."""
