# SPDX-License-Identifier: Apache-2.0
"""The rules of tools/tidy.py that look at one file: form, sizes, banned headers and text.

A rule is a generator of (line, rule name, message). Rules over the whole tree are in tidy_tree.py.
"""

import os
import re

LINE_COLUMNS_MAX = 100
FUNCTION_LINES_MAX = 70
FILE_LINES_WARN = 500
FILE_LINES_MAX = 900
FILE_COMMENT_LINES_MAX = 25

RULES = {
    'spdx': 'an SPDX line on line 1 or 2 (3 in scripts)',
    'pragma-once': '#pragma once on line 1 or 2 of a header',
    'file-comment': 'a header opens with a comment of 1 to 25 lines on what, why and invariants',
    'columns': '100 columns',
    'whitespace': 'no tabs, no trailing spaces, a newline at the end',
    'function-length': '70 lines, hard',
    'file-length': '900 lines, hard',
    'file-length-warning': 'aim under 300 lines; told from 500',
    'banned-include': 'threads, clocks, randomness, streams, <cassert>',
    'unordered': 'std::unordered_* only in base/hash_map.h and tests',
    'pointer-order': 'containers ordered or hashed by address',
    'thread-local': 'thread_local only in tests',
    'clock': 'std::chrono clocks only in runtime/os, cli, jepsen, tests, tools',
    'distribution': 'std distributions and shuffles differ between libraries and flags',
    'simulation-branch': 'node logic does not know which world runs it',
    'compact-range': 'leveldb::DB::CompactRange hangs in one thread',
    'swallowed-catch': 'catch (...) rethrows or aborts: it would swallow Killed',
    'todo': 'TO' 'DO(#issue) only; what blocks a merge has no place on main',
}
WARNINGS = {'file-length-warning'}

# Composition roots and what runs outside the simulator may use the system as it is.
_FREE_FOLDERS = ('runtime/os/', 'cli/', 'jepsen/', 'tests/', 'tools/')
_BANNED_INCLUDES = set(
    'thread mutex shared_mutex condition_variable future semaphore latch barrier stop_token '
    'random iostream fstream syncstream filesystem ctime time.h csignal execution'.split())
_BANNED_EVERYWHERE = {'cassert', 'assert.h'}
_UNORDERED = re.compile(r'\bunordered_(?:multi)?(?:map|set)\b')
_ORDERED_CONTAINER = re.compile(
    r'\b(?:std::(?:multi)?(?:map|set)|(?:geode::)?Hash(?:Map|Set)|std::(?:hash|less|greater))'
    r'\s*(<)')
_TEXT_RULES = (
    # rule, pattern, where it does not apply, message
    ('thread-local', re.compile(r'\bthread_local\b'), ('tests/',),
     'state of one node would leak into another'),
    ('clock', re.compile(r'\b(?:steady|system|high_resolution)_clock\b'), _FREE_FOLDERS,
     'take the time from the World\'s Clock'),
    ('distribution', re.compile(r'\b\w+_distribution\b|\bstd::(?:ranges::)?(?:shuffle|sample)\b'),
     (), 'draw from base/prng.h'),
    ('simulation-branch',
     re.compile(r'\bis_simulated\b|#\s*(?:el)?if.*\b(?:GEODE_)?SIM(?:ULAT\w*)?\b'), (),
     'inject faults through Chaos instead'),
    ('compact-range', re.compile(r'\bCompactRange\b'), (), 'it waits on a condition variable'),
)
_CATCH_ALL = re.compile(r'\bcatch\s*\(\s*\.\.\.\s*\)\s*(\{)')
_LEAVES = re.compile(r'\bthrow\s*;|\brethrow_exception\b|\bstd::(?:abort|terminate)\b'
                     r'|\bassert_failed\b|\bGEODE_UNREACHABLE\b')
_TODO = re.compile(r'\b(?:FIX' r'ME|XX' r'X)\b|\bTO' r'DO\b(?!\(#\d+\))')
_SCRIPTS = {'dev', '.ci/run'}


def is_text(path):
    """Whether the path is one of our hand-written sources (test data is not)."""
    if '/testdata/' in path or path.startswith('clients/'):
        return path.endswith('.md')
    return (path.endswith(('.h', '.cc', '.capnp', '.py', '.sh', '.cmake', '.md', '.txt', '.json'))
            or path in _SCRIPTS)


def is_free(path):
    """Whether the system's own headers and clocks are open to the file."""
    return path.startswith(_FREE_FOLDERS) or os.path.basename(path) == 'main.cc'


def check_file(file):
    """Every offence of the file."""
    if file.path.endswith(('.md', '.json')):
        return
    if not file.name.endswith('.txt') or file.name == 'CMakeLists.txt':
        yield from _form(file)
    if file.is_cpp:
        yield from _header(file)
        yield from _sizes(file)
        yield from _includes(file)
        yield from _text(file)
        yield from _pointer_order(file)
        yield from _catches(file)


def _form(file):
    for number, line in enumerate(file.lines, 1):
        if len(line) > LINE_COLUMNS_MAX:
            yield number, 'columns', f'{len(line)} columns, at most {LINE_COLUMNS_MAX}'
        if line != line.rstrip() or '\t' in line:
            yield number, 'whitespace', 'tab or trailing space'
        if _TODO.search(line):
            yield number, 'todo', 'name the issue: TO' 'DO(#123)'
    if not file.text.endswith('\n'):
        yield len(file.lines), 'whitespace', 'no newline at the end'
    if file.name == 'CMakeLists.txt' or file.path.endswith('.cmake'):
        return
    top = file.lines[:2] if file.is_cpp else file.lines[:3]
    if not any('SPDX-License-Identifier: Apache-2.0' in line for line in top):
        yield 1, 'spdx', 'no `SPDX-License-Identifier: Apache-2.0` at the top'


def _header(file):
    if not file.is_header:
        return
    if '#pragma once' not in file.lines[:2]:
        yield 1, 'pragma-once', 'no #pragma once on line 1 or 2'
    comment = 0
    for line in file.lines:
        if line.startswith('//') and 'SPDX' not in line:
            comment += 1
        elif line.strip() and '#pragma once' not in line and 'SPDX' not in line:
            break
    if comment == 0:
        yield 1, 'file-comment', 'say what this header solves, its model and its invariants'
    elif comment > FILE_COMMENT_LINES_MAX:
        yield 1, 'file-comment', f'{comment} lines, at most {FILE_COMMENT_LINES_MAX}'


def _sizes(file):
    count = len(file.lines) - 1
    if count > FILE_LINES_MAX:
        yield 1, 'file-length', f'{count} lines, at most {FILE_LINES_MAX}'
    elif count > FILE_LINES_WARN:
        yield 1, 'file-length-warning', f'{count} lines; split above {FILE_LINES_WARN}'
    for first, last in file.cpp.functions():
        if last - first + 1 > FUNCTION_LINES_MAX:
            yield (first, 'function-length',
                   f'{last - first + 1} lines, at most {FUNCTION_LINES_MAX}')


def _includes(file):
    for line, path, _ in file.cpp.includes():
        if path in _BANNED_EVERYWHERE:
            yield line, 'banned-include', f'<{path}>: use base/assert.h'
        elif path in _BANNED_INCLUDES and not is_free(file.path):
            yield line, 'banned-include', f'<{path}> in node logic'


def _text(file):
    code = file.cpp.code
    for rule, pattern, elsewhere, message in _TEXT_RULES:
        if elsewhere and file.path.startswith(elsewhere):
            continue
        if elsewhere is _FREE_FOLDERS and is_free(file.path):
            continue
        for match in pattern.finditer(code):
            yield file.cpp.line_of(match.start()), rule, f'{match.group().strip()}: {message}'
    if file.path != 'base/hash_map.h' and not file.path.startswith('tests/'):
        for match in _UNORDERED.finditer(code):
            yield (file.cpp.line_of(match.start()), 'unordered',
                   f'{match.group()}: use base/hash_map.h, or std::map where it is iterated')


def _pointer_order(file):
    if file.path.startswith('tests/'):
        return
    for match in _ORDERED_CONTAINER.finditer(file.cpp.code):
        key = file.cpp.first_template_argument(match.start(1))
        if '*' in key or re.search(r'\b(?:shared|unique)_ptr\b', key):
            yield (file.cpp.line_of(match.start()), 'pointer-order',
                   f'{match.group()}{key.strip()}…: addresses differ from run to run')


def _catches(file):
    for match in _CATCH_ALL.finditer(file.cpp.code):
        if not _LEAVES.search(file.cpp.block(match.start(1))):
            yield (file.cpp.line_of(match.start()), 'swallowed-catch',
                   'rethrow: a killed fiber leaves by the exception Killed')
