"""Names that take what shows them for their own: to put wherever data may name something."""

import unicodedata

ESCAPE = "Loan\x1b[2K\x1b[1A\x07"
LINES = "Loan\nerror: all is well\r\n"
REVERSED = "Loan\u202egpj.exe\u2066"
FORMULA = '=HYPERLINK("http://evil.example","Loan")'
HTML = '<img src=x onerror="alert(1)">'
MARKDOWN = "![Loan](http://evil.example/pixel.png)"
MATHEMATICS = r"Loan $\frac{ 50 % and $"

HOSTILE = (ESCAPE, LINES, REVERSED, FORMULA, HTML, MARKDOWN, MATHEMATICS)


def is_clean(text: str) -> bool:
    """Whether nothing in the lines of a text is invisible."""
    kinds = {unicodedata.category(character) for character in text.replace("\n", "")}
    return not kinds & {"Cc", "Cf", "Cs", "Zl", "Zp"}
