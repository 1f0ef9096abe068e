"""Text and numbers as they may stand in a table that a spreadsheet opens."""

# What makes a spreadsheet take a cell for a formula; the last four are read as the first four in East Asian settings
FORMULA = tuple("=+-@\uff1d\uff0b\uff0d\uff20")


def harmless(text):
    """Text that no spreadsheet takes for a formula: one that could be is given a leading apostrophe.

    >>> harmless("=1+1"), harmless(" @SUM(A1)"), harmless("Müller, \\"J.\\"")
    ("'=1+1", "' @SUM(A1)", 'Müller, "J."')
    """
    text = str(text)
    return "'" + text if text.startswith(("\t", "\r", "\n")) or text.lstrip().startswith(FORMULA) else text


def number(value):
    """A score as short as it can be told, with a decimal point and without the dust of floating point.

    >>> number(0.1 + 0.2), number(7.0), number(1 / 3)
    ('0.3', '7', '0.333333')
    """
    return f"{value:.6f}".rstrip("0").rstrip(".")
