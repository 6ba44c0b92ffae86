"""The file formats of a study, one module each: row or record type, columns, reader, writer and schema version.

No other module reads or writes these files.
"""
