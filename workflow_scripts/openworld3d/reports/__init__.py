"""Reports: tables, figures and clouds that people read."""
