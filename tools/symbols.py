#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Proves on the object code that node logic touches no clock, thread, random source or file.

Reads the static libraries of a build and rejects, outside what may touch the system:
  - undefined references that tools/banned_symbols.txt names;
  - thread-local storage;
  - writable static data, which would leak from one simulated node into another; the counters in
    the section `geode_probes` are the one exception, they never influence behaviour;
  - instructions that read the machine: rdtsc, rdrand, rdseed, rdpid, cpuid, syscall.
Source text can hide any of these behind a macro or a header; object code cannot. Exemptions are
lines of tools/symbols_allow.txt.

    tools/symbols.py build/lib          every libgeode_*.a of the folder
    tools/symbols.py some/libx.a        the named libraries
"""

import argparse
import glob
import os
import re
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
# These touch the system by design: the real world, and the programs that choose it.
SYSTEM_LIBRARIES = {'runtime_os', 'cli', 'cli_recordings', 'cli_sim', 'jepsen', 'test_support'}

_WRITABLE = re.compile(r'\.(data|bss|ldata|lbss|tdata|tbss)(\.|$)|\*COM\*')
# Constant after relocation, and the references that exception tables make.
_CONSTANT = re.compile(r'\.data\.rel\.ro|\.data\.(rel\.local\.)?DW\.ref\.|geode_probes$')
_LINKER_OWN = re.compile(r'\.(init|fini|preinit)_array|\.[cd]tors|\.tm_clone_table|\.eh_frame')
_INSTRUCTION = r'\b(rdtscp?|rdrand|rdseed|rdpid|cpuid|syscall|sysenter)\b'


def run(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True,
                          env={**os.environ, 'LC_ALL': 'C'}).stdout


class Exemption:
    def __init__(self, line, text):
        head, dashes, reason = text.partition(' -- ')
        words = head.split(None, 2)
        if not dashes or not reason.strip() or len(words) != 3:
            sys.exit(f'symbols_allow.txt:{line}: want `object category regex -- reason`')
        self.line, self.object, self.category = line, words[0], words[1]
        self.name, self.used = re.compile(words[2]), False

    def covers(self, where, category, name):
        return (where == self.object and category == self.category
                and self.name.fullmatch(name) is not None)


def data_lines(path):
    with open(path, encoding='utf-8') as file:
        for number, line in enumerate(file, 1):
            if line.strip() and not line.startswith('#'):
                yield number, line.strip()


def read_banned(path):
    """category -> compiled pattern of the whole name."""
    patterns = {}
    for _, line in data_lines(path):
        category, _, pattern = line.partition(': ')
        patterns.setdefault(category, []).append(f'(?:{pattern})')
    return {category: re.compile('|'.join(each)) for category, each in patterns.items()}


def undefined(archive, library, banned):
    for line in run('nm', '-AC', '--undefined-only', archive).splitlines():
        match = re.match(r'.*?\.a:([^:]+):\s+[UwWvV] (.*)$', line)
        if not match:
            continue
        name = match[2].split('@')[0]
        if name.startswith('__tls_get_addr') or name.startswith('TLS '):
            yield f'{library}/{match[1]}', 'tls', name
        for category, pattern in banned.items():
            if pattern.fullmatch(name):
                yield f'{library}/{match[1]}', category, name


def thread_locals(archive, library):
    where = library
    for line in run('readelf', '-sW', archive).splitlines():
        if line.startswith('File: '):
            where = f'{library}/{line[line.index("(") + 1:line.rindex(")")]}'
        fields = line.split()
        if len(fields) >= 8 and fields[3] == 'TLS':
            yield where, 'tls', fields[7].split('@')[0]


def writable_data(archive, library):
    where = library
    for line in run('objdump', '-tC', archive).splitlines():
        head = re.match(r'(\S+):\s+file format', line)
        if head:
            where = f'{library}/{head[1]}'
        match = re.match(r'[0-9a-f]{16} (.{7}) (\S+)\t([0-9a-f]{16})\s+(.*)$', line)
        if not match or match[1][6] in 'df' or int(match[3], 16) == 0:
            continue  # section and file symbols, labels
        if _WRITABLE.match(match[2]) and not _CONSTANT.match(match[2]):
            name = re.sub(r'^(\.hidden|\.protected|\.internal)\s+', '', match[4])
            yield where, 'static', f'{name}'
    yield from _odd_sections(archive, library)


def _odd_sections(archive, library):
    """Writable sections of a name of their own, which the symbol table might not show."""
    where = library
    for line in run('readelf', '-SW', archive).splitlines():
        if line.startswith('File: '):
            where = f'{library}/{line[line.index("(") + 1:line.rindex(")")]}'
        match = re.match(r'\s+\[\s*\d+\] (\S+)\s+(?:PROGBITS|NOBITS)\s+\S+ \S+ (\S+) \S+\s+(\S+)',
                         line)
        if match and 'W' in match[3] and int(match[2], 16) and not (
                _WRITABLE.match(match[1]) or _CONSTANT.match(match[1])
                or _LINKER_OWN.match(match[1])):
            yield where, 'static', f'section {match[1]}'


def instructions(archive, library):
    """Filtered by grep: the disassembly of a large library is too long to read in Python."""
    disassembly = subprocess.Popen(
        ['objdump', '-d', '--no-show-raw-insn', archive], stdout=subprocess.PIPE)
    found = subprocess.run(
        ['grep', '-E', r'file format|^[0-9a-f]+ <|' + r'[[:space:]]' + _INSTRUCTION],
        stdin=disassembly.stdout, capture_output=True, text=True, env={'LC_ALL': 'C'}).stdout
    disassembly.stdout.close()
    if disassembly.wait() != 0:
        sys.exit(f'objdump failed on {archive}')
    where, function, seen = library, '?', set()
    for line in found.splitlines():
        head = re.match(r'(\S+):\s+file format', line)
        if head:
            where = f'{library}/{head[1]}'
        elif line.endswith('>:'):
            function = line[line.index('<') + 1:-2]
        else:
            name = re.search(_INSTRUCTION, line)
            if name and (where, function, name[1]) not in seen:
                seen.add((where, function, name[1]))
                yield where, 'instruction', f'{name[1]} in {function}'


def archives_of(places):
    for place in places:
        if os.path.isdir(place):
            yield from sorted(glob.glob(os.path.join(place, 'libgeode_*.a')))
        else:
            yield place


def check(archives, banned, exemptions):
    """Returns (offences, objects seen)."""
    offences, objects = [], set()
    for archive in archives:
        library = re.sub(r'^lib(geode_)?|\.a$', '', os.path.basename(archive))
        if library in SYSTEM_LIBRARIES:
            continue
        objects |= {f'{library}/{name}' for name in run('ar', 't', archive).split()}
        for found in (undefined(archive, library, banned), thread_locals(archive, library),
                      writable_data(archive, library), instructions(archive, library)):
            for where, category, name in found:
                covering = [each for each in exemptions if each.covers(where, category, name)]
                for each in covering:
                    each.used = True
                if not covering:
                    offences.append((where, category, name))
    return sorted(set(offences)), objects


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('place', nargs='+', help='a folder of libraries, or a library')
    parser.add_argument('--banned', default=os.path.join(HERE, 'banned_symbols.txt'))
    parser.add_argument('--allow', default=os.path.join(HERE, 'symbols_allow.txt'))
    options = parser.parse_args()
    archives = list(archives_of(options.place))
    if not archives:
        print(f'symbols: no libgeode_*.a in {" ".join(options.place)}: build first')
        return 2
    exemptions = [Exemption(*each) for each in data_lines(options.allow)]
    offences, objects = check(archives, read_banned(options.banned), exemptions)
    for where, category, name in offences:
        print(f'{where}: {category}: {name}')
    if any(category == 'static' for _, category, _ in offences):
        print('hint: g++ 12 makes these writable: `constexpr std::array x = {…}` (spell out its'
              ' type), const std::string (use string_view), GEODE_REACHED in a template (it leaves'
              ' its section and is not counted)')
    unused = [each for each in exemptions if not each.used and each.object in objects]
    for each in unused:
        print(f'symbols_allow.txt:{each.line}: nothing needs this exemption of {each.object}')
    print(f'symbols: {len(offences) + len(unused)} offences in {len(objects)} objects')
    return 1 if offences or unused else 0


if __name__ == '__main__':
    sys.exit(main())
