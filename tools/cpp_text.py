# SPDX-License-Identifier: Apache-2.0
"""Just enough C++ reading for tools/tidy.py: comments and strings blanked, functions measured.

Blanking keeps every newline and column, so an offset or line in the result is one in the file.
Function bodies are told from initialisers by clang-format's spacing: `x_{1}` has no space before
its brace, a body has one. tools/tidy.py runs on formatted sources only.
"""

import bisect
import re

_TOKEN = re.compile(
    r'(?P<comment>//(?:\\\n|[^\n])*|/\*.*?\*/)'
    r'|R"(?P<fence>[^()\\\s]{0,16})\((?P<raw>.*?)\)(?P=fence)"'
    r'|(?P<number>\b[0-9](?:\'?[0-9A-Za-z_.])*)'
    r'|"(?P<string>(?:\\.|[^"\\\n])*)"'
    r"|'(?P<char>(?:\\.|[^'\\\n])+)'",
    re.DOTALL)
_NOT_NEWLINE = re.compile(r'[^\n]')
_PREPROCESSOR = re.compile(r'^[ \t]*#(?:\\\n|[^\n])*', re.MULTILINE)
_CONTAINER = re.compile(r'\b(?:namespace|class|struct|union|enum)\b|\bextern\s*"')
_BRACE = re.compile(r'[{}]')
_ARGUMENT = re.compile(r'[<>(),]')
_TEMPLATE_HEAD = re.compile(r'\btemplate\s*<[^{;]*?>\s*(?=\w)')
_ATTRIBUTE = re.compile(r'\b(?:alignas|__attribute__)\s*\(+[^)]*\)+')
_LABEL = re.compile(r'^\s*(?:(?:public|private|protected)\s*:\s*)+')


def _spaces(text):
    return _NOT_NEWLINE.sub(' ', text)


class CppText:
    """One source file: `raw`, `with_strings` (comments blanked) and `code` (strings as well)."""

    def __init__(self, raw):
        self.raw = raw
        self.lines = raw.split('\n')
        self._starts = [0]
        for line in self.lines:
            self._starts.append(self._starts[-1] + len(line) + 1)
        with_strings, code, position = [], [], 0
        for match in _TOKEN.finditer(raw):
            between = raw[position:match.start()]
            text = match.group()
            position = match.end()
            with_strings += (between, _spaces(text) if match['comment'] else text)
            code += (between, self._blank(match, text))
        self.with_strings = ''.join(with_strings) + raw[position:]
        self.code = ''.join(code) + raw[position:]

    @staticmethod
    def _blank(match, text):
        if match['number']:
            return text
        if match['comment']:
            return _spaces(text)
        if match['raw'] is not None:
            return '"' + _spaces(text[1:-1]) + '"'
        return text[0] + ' ' * (len(text) - 2) + text[-1]

    def line_of(self, offset):
        """The 1-based line of an offset."""
        return bisect.bisect_right(self._starts, offset)

    def includes(self):
        """(line, path, is_quoted) of each #include."""
        for match in re.finditer(r'^[ \t]*#[ \t]*include[ \t]*(["<])([^">\n]+)[">]',
                                 self.with_strings, re.MULTILINE):
            yield self.line_of(match.start()), match[2], match[1] == '"'

    def block(self, opening):
        """The text from the brace at `opening` to the one that closes it."""
        return self.code[opening:self._skip(self.code, opening)]

    def first_template_argument(self, opening):
        """The text after the angle bracket at `opening`, up to its comma or closing bracket."""
        depth = 0
        for match in _ARGUMENT.finditer(self.code, opening):
            depth += {'<': 1, '(': 1, '>': -1, ')': -1, ',': 0}[match.group()]
            if depth == 0 or (depth == 1 and match.group() == ','):
                return self.code[opening + 1:match.start()]
        return ''

    def functions(self):
        """(first line, last line) of each function, lambdas counted with what holds them."""
        code = _PREPROCESSOR.sub(lambda match: _spaces(match.group()), self.code)
        head = 0  # where the text that may introduce the next brace begins
        position = 0
        mark = re.compile(r'[{};]')
        while True:
            match = mark.search(code, position)
            if match is None:
                return
            position = match.end()
            if match.group() != '{':
                head = position
                continue
            text = code[head:match.start()]
            if not self._opens_block(text):  # an initialiser: part of the same head
                position = self._skip(code, match.start())
                continue
            label = _LABEL.match(text)
            begin = head + (label.end() if label else len(text) - len(text.lstrip()))
            # Template parameters say `class` too; only what follows them names a container.
            bare = _ATTRIBUTE.sub('', _TEMPLATE_HEAD.sub('', text))
            if _CONTAINER.search(bare) and '(' not in bare:
                head = position
                continue
            position = self._skip(code, match.start())
            head = position
            if '(' in text:
                yield self.line_of(begin), self.line_of(position - 1)

    @staticmethod
    def _opens_block(text):
        if text.count('(') > text.count(')') or text.rstrip().endswith(('=', 'return', ',')):
            return False
        return text[-1:].isspace() or not text

    @staticmethod
    def _skip(code, opening):
        """The offset just after the brace that closes the one at `opening`."""
        depth = 0
        for match in _BRACE.finditer(code, opening):
            depth += 1 if match.group() == '{' else -1
            if depth == 0:
                return match.end()
        return len(code)
