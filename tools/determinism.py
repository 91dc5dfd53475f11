#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs the same seeds under other allocators, addresses, locales, time zones and compilers.

Every cell of the matrix runs `geode-sim run --seed N --json` and reads the event-chain hash.
Prints a table of hashes; exits 1 if a seed's hashes differ anywhere, 2 if a run gave none. What
exposes what was measured: a container ordered by pointers shows only under the seeded allocator
(perturb/), stale heap bytes under MALLOC_PERTURB_, stack addresses under address randomisation,
floating point and unspecified evaluation order under another compiler or optimisation.

    tools/determinism.py                        seed 7, every cell that is built
    tools/determinism.py --seeds 1..20 -- --workload register --faults all
"""

import argparse
import concurrent.futures
import json
import os
import re
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
TIMEOUT_S = 600


def other_locales():
    """C.UTF-8 and, where this machine has them, one with other digits and one with other case."""
    try:
        installed = subprocess.run(['locale', '-a'], capture_output=True, text=True).stdout.split()
    except OSError:
        installed = []
    return ['C.UTF-8'] + [each for each in ('de_DE.utf8', 'tr_TR.utf8') if each in installed]


def cells(perturb):
    """(name, build folder, command prefix, environment) of each cell."""
    plain = ('build', [], {})
    yield ('plain', *plain)
    yield ('plain again', *plain)
    yield 'no ASLR', 'build', ['setarch', '-R'], {}
    for fill in ('1', '85', '170', '254'):
        yield f'MALLOC_PERTURB_={fill}', 'build', [], {'MALLOC_PERTURB_': fill}
    for seed in range(1, 7):
        yield (f'allocator {seed}', 'build', [],
               {'LD_PRELOAD': perturb, 'GEODE_PERTURB': str(seed)})
    yield 'one arena, no mmap', 'build', [], {'MALLOC_ARENA_MAX': '1', 'MALLOC_MMAP_MAX_': '0'}
    for locale in other_locales():
        yield f'LC_ALL={locale}', 'build', [], {'LC_ALL': locale}
    yield 'TZ=Pacific/Chatham', 'build', [], {'TZ': 'Pacific/Chatham'}
    yield 'long environment', 'build', [], {'GEODE_PADDING': 'x' * 5000}
    yield 'no FMA, no AVX2', 'build', [], {'GLIBC_TUNABLES': 'glibc.cpu.hwcaps=-AVX2,-FMA,-FMA4'}
    yield '-O0', 'build-o0', [], {}
    yield '-O0, allocator 9', 'build-o0', [], {'LD_PRELOAD': perturb, 'GEODE_PERTURB': '9'}
    yield 'clang', 'build-clang', [], {}
    yield 'asan', 'build-asan', [], {}
    yield 'release', 'build-release', [], {}


def run(program, prefix, environment, seed, options):
    """The hash of one run, or a word on why there is none."""
    base = {key: value for key, value in os.environ.items()
            if key in ('PATH', 'HOME', 'TMPDIR')}
    command = [*prefix, program, 'run', '--seed', str(seed), '--json', *options]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT_S,
                              stdin=subprocess.DEVNULL, env={**base, **environment})
    except subprocess.TimeoutExpired:
        return f'no result in {TIMEOUT_S} s'
    except OSError as error:
        return f'no start: {error.strerror}'
    for line in done.stdout.splitlines():
        try:
            record = json.loads(line)
        except ValueError:
            continue
        if isinstance(record, dict) and record.get('hash'):
            return str(record['hash'])
    return f'no hash: exit {done.returncode}'


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--seeds', default='7', help='N or A..B (default 7)')
    parser.add_argument('--root', default=ROOT, help='the folder that holds build, build-o0, …')
    parser.add_argument('-j', type=int, default=os.cpu_count(), dest='jobs')
    parser.add_argument('options', nargs='*', help='after --: options of geode-sim run')
    options = parser.parse_args()
    bounds = re.fullmatch(r'(\d+)(?:\.\.(\d+))?', options.seeds)
    if not bounds:
        parser.error('--seeds wants N or A..B')
    seeds = range(int(bounds[1]), int(bounds[2] or bounds[1]) + 1)
    perturb = os.path.join(options.root, 'build', 'lib', 'libgeode_perturb.so')

    reference, differing, failed, skipped = {}, 0, 0, []
    print(f'{"cell":22} {"seed":>6}  hash', flush=True)
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        waiting = []
        for name, folder, prefix, environment in cells(perturb):
            program = os.path.join(options.root, folder, 'bin', 'geode-sim')
            preload = environment.get('LD_PRELOAD', program)
            if not (os.path.exists(program) and os.path.exists(preload)):
                skipped.append(name)
                continue
            waiting += [(name, seed, pool.submit(run, program, prefix, environment, seed,
                                                 options.options)) for seed in seeds]
        for name, seed, result in waiting:
            found = result.result()
            mark = ''
            if found.startswith('no '):
                failed += 1
            elif reference.setdefault(seed, found) != found:
                differing += 1
                mark = '  <-- differs'
            print(f'{name:22} {seed:6}  {found}{mark}', flush=True)
    if skipped:
        print('not built, so not run: ' + ', '.join(skipped))
    print(f'determinism: {len(waiting)} runs, {differing} differ, {failed} without a hash')
    return 2 if failed or not waiting else 1 if differing else 0


if __name__ == '__main__':
    sys.exit(main())
