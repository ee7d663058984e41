"""The library that the commands of the pipeline share; runs on Python 3.8 with torch 1.8.1 and later."""
