#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Does the simulator find known bugs? Plants each tests/mutants/*.patch and sweeps for it.

A patch begins with header lines:

    # mutant: NAME
    # story: what the bug breaks, in one or more such lines
    # sweep: --workload register --faults all --seeds 1..2000
    # expect: exit 1            (or alternatives: exit 1|3|4)
    # real: --workload register --nodes 3 --duration 30s --seeds 1..5     (some have it)

Per mutant: the tree is copied to build/mutants/source, patched, only geode-sim is built there
(unchanged files keep their times, so that is a few compilations), and
`geode-sim sweep SWEEP --until-failure --out FILE` must end with an expected status. Prints a table;
exits 1 if a mutant survives, 2 if one no longer applies or builds.

    tools/mutants.py                      all of them
    tools/mutants.py --only lost_vote     one
    tools/mutants.py --check-apply        only whether every patch still applies (fast)
    tools/mutants.py --real               build them into the daemon, let geode-jepsen find them:
                                          those with a `real` line, seed by seed until one is found
    tools/mutants.py --list
"""

import argparse
import glob
import json
import os
import re
import resource
import shlex
import shutil
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
WORK = os.path.join(ROOT, 'build', 'mutants')


class Mutant:
    def __init__(self, path):
        self.path = path
        self.fields = {}
        with open(path, encoding='utf-8') as file:
            for line in file:
                match = re.match(r'# (mutant|story|sweep|expect|real):\s*(.*?)\s*$', line)
                if match:
                    before = self.fields.get(match[1])
                    self.fields[match[1]] = f'{before} {match[2]}' if before else match[2]
                elif not line.startswith('#'):
                    break
        missing = {'mutant', 'story', 'sweep', 'expect'} - self.fields.keys()
        if missing:
            sys.exit(f'{path}: no header line for {", ".join(sorted(missing))}')
        self.name = self.fields['mutant']
        self.sweep = shlex.split(self.fields['sweep'])
        expect = re.fullmatch(r'exit (\d(?:\|\d)*)', self.fields['expect'])
        if not expect:
            sys.exit(f'{path}: want `# expect: exit N` or `exit N|M`')
        self.statuses = {int(status) for status in expect[1].split('|')}

    def applies(self, folder):
        """None, or why the patch does not apply to the tree in `folder`."""
        done = self._git_apply(folder, '--check')
        return None if done.returncode == 0 else done.stderr.strip()

    def apply(self, folder):
        self._git_apply(folder).check_returncode()

    def _git_apply(self, folder, *options):
        # Below a clone, git would skip every path outside its prefix: hide the clone above.
        ceiling = {'GIT_CEILING_DIRECTORIES': os.path.dirname(folder)}
        return subprocess.run(['git', 'apply', *options, self.path], cwd=folder, text=True,
                              capture_output=True, env={**os.environ, **ceiling})


def copy_tree(target):
    """Makes `target` equal to the sources, touching only files that differ."""
    listed = subprocess.run(['git', 'ls-files', '-co', '--exclude-standard', '-z'], cwd=ROOT,
                            check=True, capture_output=True, text=True).stdout
    wanted = {path for path in listed.split('\0') if os.path.isfile(os.path.join(ROOT, path))}
    for folder, _, names in os.walk(target):
        for name in names:
            path = os.path.relpath(os.path.join(folder, name), target)
            if path not in wanted:
                os.remove(os.path.join(target, path))
    for path in wanted:
        source, copy = os.path.join(ROOT, path), os.path.join(target, path)
        with open(source, 'rb') as file:
            text = file.read()
        if os.path.exists(copy):
            with open(copy, 'rb') as file:
                if file.read() == text:
                    continue
        os.makedirs(os.path.dirname(copy), exist_ok=True)
        shutil.copy(source, copy)  # a new time: ninja must see a file that was patched before


def build(source, folder, target):
    """Builds the target; returns None or the compiler's words."""
    configure = ['cmake', '-S', source, '-B', folder, '-G', 'Ninja', '-DCMAKE_BUILD_TYPE=None',
                 '-DCMAKE_CXX_FLAGS=-O2 -g1']
    if not os.path.exists(os.path.join(folder, 'build.ninja')):
        done = subprocess.run(configure, capture_output=True, text=True)
        if done.returncode != 0:
            return done.stderr
    done = subprocess.run(['ninja', '-C', folder, target], capture_output=True, text=True)
    return None if done.returncode == 0 else done.stdout[-3000:]


def seeds_tried(path):
    """How many runs the sweep recorded; its last line may be a summary without a seed."""
    try:
        with open(path, encoding='utf-8') as file:
            return sum('seed' in json.loads(line) for line in file if line.strip())
    except (OSError, ValueError):
        return 0


def sweep(mutant, program, jobs):
    """Returns (exit status, seeds tried, CPU seconds)."""
    record = os.path.join(WORK, mutant.name + '.jsonl')
    if os.path.exists(record):
        os.remove(record)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [program, 'sweep', *mutant.sweep, '-j', str(jobs), '--until-failure', '--out', record]
    with open(os.path.join(WORK, mutant.name + '.log'), 'wb') as log:
        status = subprocess.run(command, stdout=log, stderr=log, cwd=WORK).returncode
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return status, seeds_tried(record), used


def run_real(mutant, program, _jobs):
    """Returns (exit status, seeds tried, CPU seconds) of geode-jepsen, seed by seed."""
    words = shlex.split(mutant.fields['real'])
    at = words.index('--seeds')
    first, last = (int(seed) for seed in words[at + 1].split('..'))
    words[at:at + 2] = []
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    status, tried = 0, 0
    with open(os.path.join(WORK, mutant.name + '.real.log'), 'wb') as log:
        for seed in range(first, last + 1):
            command = [program, 'run', *words, '--seed', str(seed), '--store',
                       os.path.join(WORK, 'store')]
            status, tried = subprocess.run(command, stdout=log, stderr=log).returncode, tried + 1
            if status in mutant.statuses:
                break
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return status, tried, used


def check_apply(mutants):
    broken = 0
    for mutant in mutants:
        reason = mutant.applies(ROOT)
        if reason:
            print(f'{os.path.relpath(mutant.path, ROOT)}: does not apply:\n{reason}')
            broken += 1
    print(f'mutants: {len(mutants) - broken} of {len(mutants)} patches apply')
    return 1 if broken else 0


def run(mutants, jobs, target, find):
    source, folder = os.path.join(WORK, 'source'), os.path.join(WORK, 'build')
    os.makedirs(source, exist_ok=True)
    survivors = broken = 0
    print(f'{"mutant":32} {"killed":7} {"seeds":>7} {"CPU s":>8}  verdict', flush=True)
    for mutant in mutants:
        copy_tree(source)
        problem = mutant.applies(source)
        if problem is None:
            mutant.apply(source)
            problem = build(source, folder, target)
        if problem is not None:
            broken += 1
            print(f'{mutant.name:32} {"-":7} {"-":>7} {"-":>8}  does not apply or build\n{problem}')
            continue
        status, seeds, used = find(mutant, os.path.join(folder, 'bin', target), jobs)
        killed = status in mutant.statuses
        survivors += not killed
        verdict = f'exit {status}' + ('' if killed else f', expected {mutant.fields["expect"]}')
        print(f'{mutant.name:32} {"yes" if killed else "NO":7} {seeds:7} {used:8.1f}  {verdict}',
              flush=True)
    print(f'mutants: {len(mutants) - survivors - broken} of {len(mutants)} killed')
    return 2 if broken else 1 if survivors else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--only', action='append', metavar='NAME', help='may be repeated')
    parser.add_argument('--check-apply', action='store_true')
    parser.add_argument('--list', action='store_true')
    parser.add_argument('--real', action='store_true', help='on real processes')
    parser.add_argument('--folder', default=os.path.join(ROOT, 'tests', 'mutants'))
    parser.add_argument('-j', type=int, default=os.cpu_count(), dest='jobs')
    options = parser.parse_args()
    mutants = [Mutant(path) for path in sorted(glob.glob(os.path.join(options.folder, '*.patch')))]
    unknown = set(options.only or ()) - {mutant.name for mutant in mutants}
    if unknown:
        parser.error(f'no mutant named {", ".join(sorted(unknown))}')
    if options.only:
        mutants = [mutant for mutant in mutants if mutant.name in options.only]
    if options.list:
        print(''.join(f'{mutant.name:32} {mutant.fields["story"]}\n' for mutant in mutants), end='')
        return 0
    if options.check_apply:
        return check_apply(mutants)
    if not options.real:
        return run(mutants, options.jobs, 'geode-sim', sweep)
    return run([mutant for mutant in mutants if 'real' in mutant.fields], options.jobs,
               'geode-jepsen', run_real)


if __name__ == '__main__':
    sys.exit(main())
