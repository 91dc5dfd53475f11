# SPDX-License-Identifier: Apache-2.0
"""The rules of tools/tidy.py that look at the whole tree: arrows, build lists, folders, links.

tools/layers.txt is the one table of arrows. The owner of a path is the longest row that contains
it, so a row for `node/client` takes those headers out of `node`.
"""

import os
import posixpath
import re

RULES = {
    'layer': 'every C++ folder has a row in tools/layers.txt; rows do not form a cycle',
    'include-arrow': 'an include against the arrows of tools/layers.txt',
    'include-root': 'own headers by their path from the repository root, in quotes',
    'link-arrow': 'a geode_library that links against the arrows',
    'unlisted': 'every source, header and test is listed in its folder\'s CMakeLists.txt',
    'readme': 'a folder with a row has a README.md of three lines: Purpose, Entry header, Never',
    'dead-link': 'a relative link in a document leads to a file',
}

_STD = set(
    'algorithm any array atomic barrier bit bitset cassert ccomplex cctype cerrno cfenv cfloat '
    'charconv chrono cinttypes climits clocale cmath codecvt compare complex concepts '
    'condition_variable coroutine csetjmp csignal cstdarg cstddef cstdint cstdio cstdlib cstring '
    'ctime cuchar cwchar cwctype deque exception execution filesystem format forward_list fstream '
    'functional future initializer_list iomanip ios iosfwd iostream istream iterator latch limits '
    'list locale map memory memory_resource mutex new numbers numeric optional ostream queue '
    'random ranges ratio regex scoped_allocator semaphore set shared_mutex source_location span '
    'sstream stack stdexcept stop_token streambuf string string_view strstream syncstream '
    'system_error thread tuple type_traits typeindex typeinfo unordered_map unordered_set utility '
    'valarray variant vector version'.split())
# What the compiler ships: exception globals, sanitizer hooks, intrinsics.
_COMPILER = re.compile(r'cxxabi\.h|sanitizer/\w+\.h|[a-z]?[a-z]mmintrin\.h|immintrin\.h|cpuid\.h')
_POSIX = re.compile(r'(?:sys|net|netinet|arpa|linux|bits|asm)/.*|[a-z_]+\.h')
_LIBRARY = re.compile(r'\bgeode_library\s*\(\s*(\w+)([^)]*)\)')
_LINK = re.compile(r'\[[^\]\n]*\]\(([^)\s#]+)[^)]*\)')
_README = ('Purpose:', 'Entry header:', 'Never:')


class Layers:
    """The parsed table. rows: folder -> (line, set of folders, set of third-party roots)."""

    def __init__(self, text):
        self.rows = {}
        for number, line in enumerate(text.split('\n'), 1):
            if not line.strip() or line.startswith('#'):
                continue
            folder, _, rights = line.partition(':')
            folders, _, roots = rights.partition('|')
            self.rows[folder.strip()] = (number, set(folders.split()), set(roots.split()))

    def owner(self, path):
        """The longest row that contains `path`, or None. A main.cc is a composition root."""
        if posixpath.basename(path) == 'main.cc' and 'cli' in self.rows:
            return 'cli'
        return self._longest(path)

    def _longest(self, path):
        folder = path
        while folder and folder not in self.rows:
            folder = posixpath.dirname(folder)
        return folder or None

    def may_include(self, owner, path):
        """Whether files of row `owner` may include our own header `path`."""
        _, folders, _ = self.rows[owner]
        target = self._longest(path)
        if '*' in folders or target == owner:
            return True
        # An entry below its row, such as node/wire, opens only that part of the row.
        return any(path.startswith(entry + '/') and len(target) <= len(entry) for entry in folders)

    def may_use(self, owner, header):
        """Whether files of row `owner` may include the third-party or system header."""
        _, _, roots = self.rows[owner]
        if '*' in roots:
            return True
        if any(header == root or header.startswith((root + '/', root + '.')) for root in roots):
            return True
        return 'posix' in roots and _POSIX.fullmatch(header) is not None

    def cycles(self):
        """(row, row) pairs that reach each other."""
        for row, (_, folders, _) in self.rows.items():
            reached, waiting = set(), set(folders)
            while waiting:
                entry = waiting.pop()
                reached.add(entry)
                if entry in self.rows:
                    waiting |= self.rows[entry][1] - reached
            if row in reached:
                yield row


def check_tree(root, paths, files):
    """Every offence, as (path, line, rule, message)."""
    table = files.get('tools/layers.txt')
    if table is None:
        return [('tools/layers.txt', 1, 'layer', 'the table of layers is missing')]
    layers = Layers(table.text)
    found = [('tools/layers.txt', layers.rows[row][0], 'layer', f'{row} reaches itself')
             for row in layers.cycles()]
    folders = _library_folders(layers, files)
    for file in files.values():
        if file.is_cpp:
            found += _check_includes(layers, file)
        elif file.name == 'CMakeLists.txt':
            found += _check_links(layers, file, folders)
        elif file.path.endswith('.md'):
            found += _check_document(root, file)
    found += _check_lists(paths, files)
    found += _check_readmes(layers, files)
    return found


def _check_includes(layers, file):
    owner = layers.owner(file.path)
    if owner is None:
        yield file.path, 1, 'layer', 'no row of tools/layers.txt contains this folder'
        return
    for line, path, quoted in file.cpp.includes():
        if quoted:
            if layers.owner(path) is None:
                yield (file.path, line, 'include-root',
                       f'"{path}" is not a path from the repository root')
            elif not layers.may_include(owner, path):
                yield file.path, line, 'include-arrow', f'{owner} may not include "{path}"'
        elif path in _STD or _COMPILER.fullmatch(path):
            continue
        elif layers.owner(path) is not None and layers.owner(path) != 'tests':
            yield file.path, line, 'include-root', f'<{path}> is ours: use quotes'
        elif not layers.may_use(owner, path):
            yield file.path, line, 'include-arrow', f'{owner} may not include <{path}>'


def _library_folders(layers, files):
    """library name -> folder: the row or folder it is named after, or where it is defined."""
    rows = {row.replace('/', '_'): row for row in layers.rows}
    folders = {os.path.dirname(path) for path in files}
    libraries = {}
    for path, file in files.items():
        if file.name == 'CMakeLists.txt':
            for match in _LIBRARY.finditer(file.text):
                named = match[1].replace('_', '/')
                libraries[match[1]] = rows.get(match[1]) or (
                    named if named in folders else os.path.dirname(path))
    return {**rows, **libraries}


def _check_links(layers, file, folders):
    for match in _LIBRARY.finditer(file.text):
        owner = layers.owner(folders[match[1]])
        line = file.text.count('\n', 0, match.start()) + 1
        for name in re.findall(r'\bgeode_(\w+)', match[2]):
            target = folders.get(name)
            if owner and target and not layers.may_include(owner, target + '/x.h'):
                yield file.path, line, 'link-arrow', f'{owner} may not link geode_{name}'


def _check_document(root, file):
    in_fence = False
    for number, line in enumerate(file.lines, 1):
        in_fence ^= line.lstrip().startswith('```')
        if in_fence:
            continue
        for target in _LINK.findall(re.sub(r'`[^`]*`', '', line)):
            if re.match(r'[a-z]+:', target) or target.startswith('/'):
                continue
            place = os.path.join(root, os.path.dirname(file.path), target)
            if not os.path.exists(place):
                yield file.path, number, 'dead-link', f'{target} does not exist'


def _check_lists(paths, files):
    """Sources and headers must be named in the nearest CMakeLists.txt above them."""
    lists = {os.path.dirname(path): file.text for path, file in files.items()
             if file.name == 'CMakeLists.txt'}
    # A name may follow ${CMAKE_CURRENT_SOURCE_DIR}/.
    words = {folder: {word.lstrip('/') for word in re.findall(r'[\w./-]+', text)}
             for folder, text in lists.items()}
    for path in paths:
        if not path.endswith(('.h', '.cc', '.capnp')) or '/testdata/' in path:
            continue
        if path.startswith('tests/') and path.endswith('.h'):
            continue  # helpers of tests belong to no header set
        folder = os.path.dirname(path)
        while folder and folder not in lists:
            folder = os.path.dirname(folder)
        if not folder:
            yield path, 1, 'unlisted', 'no CMakeLists.txt in this folder or above it'
        elif os.path.relpath(path, folder) not in words[folder]:
            yield path, 1, 'unlisted', f'{folder}/CMakeLists.txt does not name it'


def _check_readmes(layers, files):
    folders = {layers.owner(path) for path, file in files.items() if file.is_cpp}
    for folder in sorted(folders - {None, 'tests', 'tools'}):
        path = folder + '/README.md'
        if path not in files:
            yield path, 1, 'readme', 'missing: three lines, ' + ' / '.join(_README)
            continue
        lines = [line for line in files[path].lines if line.strip()]
        if len(lines) != 3 or not all(map(str.startswith, lines, _README)):
            yield path, 1, 'readme', 'want three lines, ' + ' / '.join(_README)
