"""Labelled synthetic text: templates x values x seeds. Every value is made up here; no person stands behind one."""
