#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""House rules that no compiler checks; runs as the test lint.tidy and in ./dev lint.

Prints `file:line: rule: message` and exits 1 if any rule is broken. The rules are in
tidy_rules.py (one file at a time) and tidy_tree.py (arrows, build lists, folders). An exemption
is one line in tools/tidy_allow.txt: `rule path [text] -- reason`, where `text`, if given, must
occur in the message. An exemption that nothing needs is itself an error, so the list only shrinks.

    tools/tidy.py                  check every tracked and every unignored file
    tools/tidy.py --root DIR       check another tree (the lint's own test plants offences so)
    tools/tidy.py --rules          list the rules
"""

import argparse
import os
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from cpp_text import CppText  # noqa: E402
import tidy_rules  # noqa: E402
import tidy_tree  # noqa: E402

ALLOW_FILE = 'tools/tidy_allow.txt'


class SourceFile:
    """A file of the tree: `path` relative to the root, `text`, and `cpp` for C++."""

    def __init__(self, root, path):
        self.path = path
        self.name = os.path.basename(path)
        with open(os.path.join(root, path), encoding='utf-8', errors='replace') as file:
            self.text = file.read()
        self.lines = self.text.split('\n')
        self.is_header = path.endswith('.h')
        self.is_cpp = path.endswith(('.h', '.cc'))
        self.cpp = CppText(self.text) if self.is_cpp else None


def list_paths(root):
    """Tracked and unignored paths; every path when the tree is no git clone."""
    if os.path.exists(os.path.join(root, '.git')):
        listed = subprocess.run(['git', '-C', root, 'ls-files', '-co', '--exclude-standard', '-z'],
                                check=True, capture_output=True, text=True).stdout
        paths = listed.split('\0')
    else:
        paths = [os.path.relpath(os.path.join(folder, name), root)
                 for folder, _, names in os.walk(root) for name in names]
    # A tracked file may be deleted in the working tree; links are checked where they point to.
    return sorted({path for path in paths
                   if path and os.path.isfile(os.path.join(root, path))
                   and not os.path.islink(os.path.join(root, path))})


class Exemption:
    def __init__(self, line, text):
        self.line, self.used, self.error = line, False, None
        head, dashes, reason = text.partition(' -- ')
        words = head.split(None, 2)
        if not dashes or not reason.strip() or len(words) < 2:
            self.error = 'want `rule path [text] -- reason`'
            words = (words + ['', ''])[:2]
        self.rule, self.path = words[0], words[1]
        self.text = words[2].strip() if len(words) > 2 else ''

    def covers(self, path, rule, message):
        return (self.error is None and path == self.path and rule == self.rule
                and self.text in message)


def read_exemptions(root):
    try:
        with open(os.path.join(root, ALLOW_FILE), encoding='utf-8') as file:
            lines = file.read().split('\n')
    except FileNotFoundError:
        return []
    return [Exemption(number, line) for number, line in enumerate(lines, 1)
            if line.strip() and not line.startswith('#')]


def check(root):
    """Returns (offences, warnings): lists of (path, line, rule, message)."""
    paths = list_paths(root)
    files = {path: SourceFile(root, path) for path in paths if tidy_rules.is_text(path)}
    found = []
    for file in files.values():
        found += [(file.path, *offence) for offence in tidy_rules.check_file(file)]
    found += tidy_tree.check_tree(root, paths, files)

    offences, warnings = [], []
    exemptions = read_exemptions(root)
    for path, line, rule, message in found:
        covering = [each for each in exemptions if each.covers(path, rule, message)]
        for each in covering:
            each.used = True
        if not covering:
            is_warning = rule in tidy_rules.WARNINGS
            (warnings if is_warning else offences).append((path, line, rule, message))
    for each in exemptions:
        if each.error:
            offences.append((ALLOW_FILE, each.line, 'exemption', each.error))
        elif not each.used:
            offences.append((ALLOW_FILE, each.line, 'exemption',
                             f'nothing needs the exemption of {each.path} from {each.rule}'))
    return sorted(offences), sorted(warnings)


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--root', default=os.path.join(os.path.dirname(__file__), '..'))
    parser.add_argument('--rules', action='store_true', help='list the rules and exit')
    options = parser.parse_args()
    if options.rules:
        for rule, meaning in sorted({**tidy_rules.RULES, **tidy_tree.RULES}.items()):
            print(f'{rule:18} {meaning}')
        return 0
    offences, warnings = check(os.path.abspath(options.root))
    for path, line, rule, message in warnings:
        print(f'{path}:{line}: warning: {rule}: {message}')
    for path, line, rule, message in offences:
        print(f'{path}:{line}: {rule}: {message}')
    print(f'tidy: {len(offences)} offences, {len(warnings)} warnings')
    return 1 if offences else 0


if __name__ == '__main__':
    sys.exit(main())
