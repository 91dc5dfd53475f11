#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Sees every rule of the lints fail once on a planted offence, and pass on a clean tree.

A lint that never fires looks just like a clean tree; this keeps the two apart. Also covers the
other tools: the determinism matrix, the mutant runner, the perturbing allocator, ./dev's usage.

    tests/tools/lint_selftest.py [C++ COMPILER [libgeode_perturb.so]]
"""

import concurrent.futures
import difflib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path[:0] = [os.path.join(ROOT, 'tools'), os.path.dirname(os.path.abspath(__file__))]

import lint_plants  # noqa: E402
import tidy  # noqa: E402
import tidy_rules  # noqa: E402
import tidy_tree  # noqa: E402
from cpp_text import CppText  # noqa: E402

COMPILER = sys.argv[1] if len(sys.argv) > 1 else 'g++'
PERTURB = sys.argv[2] if len(sys.argv) > 2 else None
BANNED = os.path.join(ROOT, 'tools', 'banned_symbols.txt')


def write_tree(root, files):
    for path, text in files.items():
        if text is None:
            continue
        place = os.path.join(root, path)
        os.makedirs(os.path.dirname(place), exist_ok=True)
        with open(place, 'w', encoding='utf-8') as file:
            file.write(text)


def write_program(path, text):
    write_tree(os.path.dirname(path), {os.path.basename(path): text})
    os.chmod(path, 0o755)


def tool(name, *arguments, **options):
    return subprocess.run([sys.executable, os.path.join(ROOT, 'tools', name), *arguments],
                          capture_output=True, text=True, **options)


class Tidy(unittest.TestCase):
    def check(self, changes):
        with tempfile.TemporaryDirectory() as root:
            write_tree(root, {**lint_plants.CLEAN_TREE, **changes})
            return tidy.check(root)

    def test_a_clean_tree_passes(self):
        self.assertEqual(self.check({}), ([], []))

    def test_each_planted_offence_is_seen_and_nothing_else(self):
        for rule, changes in lint_plants.TREE_PLANTS:
            with self.subTest(rule=rule, files=changes):
                offences, warnings = self.check(changes)
                self.assertEqual({found[2] for found in offences + warnings}, {rule})

    def test_each_rule_has_a_plant(self):
        planted = {rule for rule, _ in lint_plants.TREE_PLANTS}
        rules = tidy_rules.RULES.keys() | tidy_tree.RULES.keys() | {'exemption'}
        self.assertEqual(rules, planted)

    def test_an_exemption_silences_only_its_rule_and_path(self):
        plant = {'base/a.cc': '// SPDX-License-Identifier: Apache-2.0\n#include <thread>\n'}
        for line, expected in (('banned-include base/a.cc -- because', 0),
                               ('banned-include base/a.cc <thread> -- because', 0),
                               ('banned-include base/a.cc <mutex> -- because', 2),
                               ('banned-include base/b.cc -- because', 2),
                               ('columns base/a.cc -- because', 2)):
            offences, _ = self.check({**plant, 'tools/tidy_allow.txt': line + '\n'})
            self.assertEqual(len(offences), expected, line)

    def test_exit_status_and_form_of_the_output(self):
        with tempfile.TemporaryDirectory() as root:
            write_tree(root, lint_plants.CLEAN_TREE)
            self.assertEqual(tool('tidy.py', '--root', root).returncode, 0)
            write_tree(root, {'base/a.cc': '// SPDX-License-Identifier: Apache-2.0\n\n'
                                           '#include <mutex>\n'})
            done = tool('tidy.py', '--root', root)
            self.assertEqual(done.returncode, 1)
            self.assertIn('base/a.cc:3: banned-include: <mutex> in node logic\n', done.stdout)

    def test_an_entry_below_a_row_opens_only_that_part(self):
        layers = tidy_tree.Layers(lint_plants.CLEAN_TREE['tools/layers.txt'])
        self.assertTrue(layers.may_include('node/client', 'node/wire/x.h'))
        self.assertFalse(layers.may_include('node/client', 'node/x.h'))
        self.assertFalse(layers.may_include('node', 'node/client/x.h'))
        self.assertTrue(layers.may_include('node', 'node/x.h'))
        self.assertEqual(layers.owner('node/main.cc'), 'cli')
        self.assertFalse(layers.may_use('runtime', 'boost/asio.hpp'))
        self.assertTrue(layers.may_use('runtime', 'boost/context/fiber.hpp'))

    def test_functions_are_measured_whole(self):
        text = ('namespace a {\nclass [[nodiscard]] B {\npublic:\n    B() : x_{1},\n'
                '          y_{2} {\n    }\n    int z = 3;\n};\n}\n'
                '#define M(x) \\\n    if (x) {\n'
                'int f(C c = {}, D d = D{1}) {\n    auto l = [] {\n    };\n}\n'
                'constexpr int t[] = {1, 2};\n')
        self.assertEqual(list(CppText(text).functions()), [(4, 6), (12, 15)])


class Symbols(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        sources = [source for _, source in lint_plants.OBJECT_PLANTS] + [lint_plants.OBJECT_CLEAN]
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            cls.libraries = list(pool.map(cls.compile, range(len(sources)), sources))

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    @classmethod
    def compile(cls, number, source):
        stem = os.path.join(cls.folder.name, f'libgeode_plant{number}')
        subprocess.run([COMPILER, '-std=c++20', '-O1', '-x', 'c++', '-c', '-', '-o', stem + '.o'],
                       input=source, text=True, check=True)
        subprocess.run(['ar', 'qc', stem + '.a', stem + '.o'], check=True)
        return stem + '.a'

    def test_clean_code_passes(self):
        done = tool('symbols.py', self.libraries[-1])
        self.assertEqual((done.returncode, done.stdout), (0, 'symbols: 0 offences in 1 objects\n'))

    def test_each_planted_offence_is_seen(self):
        for (category, source), library in zip(lint_plants.OBJECT_PLANTS, self.libraries):
            with self.subTest(category=category, source=source):
                done = tool('symbols.py', library)
                self.assertEqual(done.returncode, 1)
                self.assertIn(f'.o: {category}: ', done.stdout)

    def test_each_category_has_a_plant(self):
        with open(BANNED, encoding='utf-8') as file:
            categories = set(re.findall(r'^(\w+): ', file.read(), re.MULTILINE))
        planted = {category for category, _ in lint_plants.OBJECT_PLANTS}
        self.assertEqual(categories | {'tls', 'static', 'instruction'}, planted)

    def test_an_exemption_is_needed_or_an_error(self):
        allow = os.path.join(self.folder.name, 'allow.txt')
        for number, expected in ((1, 0), (len(self.libraries) - 1, 1)):  # time(); clean
            with open(allow, 'w', encoding='utf-8') as file:
                file.write(f'plant{number}/libgeode_plant{number}.o clock time -- because\n')
            done = tool('symbols.py', '--allow', allow, self.libraries[number])
            self.assertEqual(done.returncode, expected, done.stdout)

    def test_nothing_built_is_an_error(self):
        self.assertEqual(tool('symbols.py', os.path.join(ROOT, 'tools')).returncode, 2)


class Determinism(unittest.TestCase):
    def run_matrix(self, program):
        with tempfile.TemporaryDirectory() as root:
            write_program(os.path.join(root, 'build', 'bin', 'geode-sim'), program)
            return tool('determinism.py', '--root', root, '--seeds', '1..2')

    def test_equal_hashes_pass(self):
        done = self.run_matrix('#!/bin/sh\necho "{\\"seed\\": $3, \\"hash\\": \\"h$3\\"}"\n')
        self.assertEqual(done.returncode, 0, done.stdout)

    def test_a_hash_that_depends_on_the_surroundings_fails(self):
        done = self.run_matrix('#!/bin/sh\necho "{\\"hash\\": \\"h$TZ\\"}"\n')
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stdout, r'TZ=Pacific/Chatham +1 +hPacific/Chatham  <-- differs')

    def test_a_run_without_a_hash_fails(self):
        self.assertEqual(self.run_matrix('#!/bin/sh\nexit 4\n').returncode, 2)

    @unittest.skipUnless(PERTURB, 'needs libgeode_perturb.so')
    def test_the_allocator_disturbs_an_order_by_pointers(self):
        with tempfile.TemporaryDirectory() as folder:
            program = os.path.join(folder, 'order')
            subprocess.run([COMPILER, '-std=c++20', '-x', 'c++', '-', '-o', program],
                           input=lint_plants.POINTER_ORDER, text=True, check=True)

            def order(**environment):
                return subprocess.run([program], env={**os.environ, **environment}, check=True,
                                      capture_output=True, text=True).stdout

            self.assertEqual(order(), order(LD_PRELOAD=PERTURB))
            perturbed = [order(LD_PRELOAD=PERTURB, GEODE_PERTURB=str(seed)) for seed in (1, 2, 3)]
            self.assertEqual(len({order(), *perturbed}), 4)
            self.assertEqual(perturbed[0], order(LD_PRELOAD=PERTURB, GEODE_PERTURB='1'))


class Mutants(unittest.TestCase):
    HEADER = '# mutant: m\n# story: s\n# sweep: --seeds 1..3\n# expect: exit 1|3\n'

    def check_apply(self, text):
        with tempfile.TemporaryDirectory() as folder:
            write_tree(folder, {'m.patch': text})
            return tool('mutants.py', '--check-apply', '--folder', folder).returncode

    def test_a_patch_must_apply(self):
        with open(os.path.join(ROOT, 'CMakeLists.txt'), encoding='utf-8') as file:
            before = file.readlines()
        patch = self.HEADER + ''.join(difflib.unified_diff(
            before, ['# planted\n', *before], 'a/CMakeLists.txt', 'b/CMakeLists.txt'))
        self.assertEqual(self.check_apply(patch), 0)
        self.assertNotEqual(self.check_apply(patch.replace(before[0], 'gone\n')), 0)
        self.assertNotEqual(self.check_apply(patch.replace('# story: s\n', '')), 0)
        self.assertNotEqual(self.check_apply(patch.replace('exit 1|3', 'a failure')), 0)

    def test_a_sweep_kills_or_does_not(self):
        import mutants
        with tempfile.TemporaryDirectory() as folder:
            write_tree(folder, {'m.patch': self.HEADER})
            mutants.WORK = folder
            mutant = mutants.Mutant(os.path.join(folder, 'm.patch'))
            program = os.path.join(folder, 'geode-sim')
            write_program(program, '#!/bin/sh\nfor last; do :; done\n'
                                   'echo \'{"seed": 1}\n{"seed": 2}\n{"runs": 2}\' > "$last"\n'
                                   'exit 3\n')
            status, seeds, _ = mutants.sweep(mutant, program, 1)
            self.assertEqual((status, seeds, status in mutant.statuses), (3, 2, True))


class Entry(unittest.TestCase):
    def dev(self, *arguments):
        return subprocess.run([os.path.join(ROOT, 'dev'), *arguments], cwd='/',
                              capture_output=True, text=True)

    def test_each_command_explains_itself(self):
        commands = re.findall(r'^  (\w+)  ', self.dev('--help').stdout, re.MULTILINE)
        self.assertIn('test', commands)
        for command in commands:
            done = self.dev(command, '--help')
            self.assertEqual((done.returncode, 'usage: ' in done.stdout), (0, True), command)

    @unittest.skipUnless(shutil.which('clang-format-19'), 'needs the packages of group lint')
    def test_lint_fails_on_an_offence(self):
        with tempfile.TemporaryDirectory() as root:
            write_tree(root, {**lint_plants.CLEAN_TREE, '.clang-format': 'DisableFormat: true\n'})
            for path in ('dev', 'tools/packages.txt', 'tools/tidy.py', 'tools/tidy_rules.py',
                         'tools/tidy_tree.py', 'tools/cpp_text.py'):
                shutil.copy(os.path.join(ROOT, path), os.path.join(root, path))
            subprocess.run(['git', 'init', '-q', root], check=True)
            command = [os.path.join(root, 'dev'), 'lint']
            self.assertEqual(subprocess.run(command, capture_output=True).returncode, 0)
            write_tree(root, {'base/a.cc': '// SPDX-License-Identifier: Apache-2.0\n\n'
                                           '#include <mutex>\n'})
            self.assertEqual(subprocess.run(command, capture_output=True).returncode, 1)

    def test_wrong_usage_is_status_2(self):
        for arguments in (('nonsense',), ('test', 'nonsense'), ('setup', 'nonsense')):
            self.assertEqual(self.dev(*arguments).returncode, 2, arguments)


if __name__ == '__main__':
    unittest.main(argv=sys.argv[:1])
