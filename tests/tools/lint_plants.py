# SPDX-License-Identifier: Apache-2.0
"""Offences for lint_selftest.py to plant: each must be seen by the rule it is named after."""

# A tree without offence. Each plant below replaces or adds files.
CLEAN_TREE = {
    'tools/layers.txt': 'base:\nruntime: base | boost/context\nruntime/os: base runtime | posix\n'
                        'node: base runtime node/wire\nnode/client: base node/wire\n'
                        'cli: base runtime runtime/os node | CLI\ntests: * | *\n',
    'base/CMakeLists.txt': 'geode_library(base SOURCES a.cc HEADERS a.h hash_map.h'
                           ' ${CMAKE_CURRENT_SOURCE_DIR}/deep/b.h)\n',
    'base/deep/b.h': '// SPDX-License-Identifier: Apache-2.0\n#pragma once\n// Why.\n',
    'base/README.md': 'Purpose: x.\nEntry header: `a.h`.\nNever: y.\n',
    'base/a.h': '// SPDX-License-Identifier: Apache-2.0\n#pragma once\n\n// What it solves.\n\n'
                '#include <map>\n#include <vector>\n',
    'base/hash_map.h': '// SPDX-License-Identifier: Apache-2.0\n#pragma once\n\n// Maps.\n\n'
                       '#include <unordered_map>\nusing M = std::unordered_map<int, int>;\n',
    'base/a.cc': '''// SPDX-License-Identifier: Apache-2.0
#include "base/a.h"

#include <cxxabi.h>

// catch (...) { } and thread_local in a comment are no offence, nor is "rand" in a string.
struct Pair {
    explicit Pair(int first) : first_{first}, second_{first} {
        for (int i = 0; i < first_; ++i) second_ += i;
    }
    int first_;
    int second_;
    std::map<int, Pair*> owners_;  // a pointer as value is fine
};

template <class T>
T twice(T value) {
    constexpr int digits = 1'000'000;
    static_cast<void>(digits);
    try {
        return value + value;
    } catch (...) {
        throw;
    }
}

const char* words() { return "catch (...) {} thread_local CompactRange" R"(is_simulated {{)"; }
''',
    'runtime/os/CMakeLists.txt': 'geode_library(runtime_os SOURCES os.cc LINKS geode_base)\n',
    'runtime/os/README.md': 'Purpose: x.\nEntry header: `a.h`.\nNever: y.\n',
    'runtime/os/os.cc': '// SPDX-License-Identifier: Apache-2.0\n#include <sys/mman.h>\n'
                        '#include <thread>\n\n#include "base/a.h"\n',
    'tests/base/CMakeLists.txt': 'geode_test(base SOURCES a_test.cc LINKS geode_base)\n',
    'tests/base/a_test.cc': '// SPDX-License-Identifier: Apache-2.0\n#include <random>\n'
                            '#include <catch2/catch.hpp>\n\n#include "base/a.h"\n'
                            'thread_local int seen = 0;\n',
    'docs/page.md': '[to the header](../base/a.h#L1) and [out](https://example.org)\n',
}


def _cc(body):
    return {'base/a.cc': '// SPDX-License-Identifier: Apache-2.0\n' + body}


def _h(body):
    return {'base/a.h': '// SPDX-License-Identifier: Apache-2.0\n#pragma once\n\n' + body}


# (rule, files to write; None removes one)
TREE_PLANTS = [
    ('spdx', {'base/a.cc': 'int x();\n'}),
    ('pragma-once', {'base/a.h': '// SPDX-License-Identifier: Apache-2.0\n\n// Why.\nint x();\n'}),
    ('file-comment', _h('#include <map>\n')),
    ('file-comment', _h('// word\n' * 26)),
    ('columns', _cc('int ' + 'x' * 97 + ';\n')),
    ('whitespace', _cc('int x();  \n')),
    ('whitespace', _cc('\tint x();\n')),
    ('whitespace', _cc('int x();')),
    ('function-length', _cc('int f() {\n' + '    ++x;\n' * 69 + '}\n')),
    ('function-length', _cc('struct A {\n    A() : a_{1}, b_{2} {\n' + '        ++a_;\n' * 69
                            + '    }\n    int a_, b_;\n};\n')),
    ('function-length', _cc('template <class T>\nauto f(A a = {}) -> T {\n' + '    ++x;\n' * 68
                            + '}\n')),
    ('file-length', _cc('int x();\n' * 900)),
    ('banned-include', _cc('#include <thread>\n')),
    ('banned-include', _cc('#  include <random>\n')),
    ('banned-include', {'tests/base/a_test.cc': '// SPDX-License-Identifier: Apache-2.0\n'
                                                '#include <cassert>\n'}),
    ('unordered', _cc('std::unordered_set<int> seen;\n')),
    ('pointer-order', _cc('std::map<const Node*, int> order;\n')),
    ('pointer-order', _cc('std::set<\n    std::pair<int, Node*>> order;\n')),
    ('pointer-order', _cc('std::set<std::shared_ptr<Node>> order;\n')),
    ('pointer-order', _cc('auto h = std::hash<Node*>{}(node);\n')),
    ('thread-local', _cc('thread_local int x = 0;\n')),
    ('clock', _cc('auto t = std::chrono::steady_clock::now();\n')),
    ('distribution', _cc('std::uniform_int_distribution<int> d(1, 6);\n')),
    ('distribution', _cc('void f() { std::shuffle(a, b, g); }\n')),
    ('simulation-branch', _cc('#ifdef SIM\n#endif\n')),
    ('simulation-branch', _cc('void f() { if (world.is_simulated()) g(); }\n')),
    ('compact-range', _cc('void f() { db->CompactRange(nullptr, nullptr); }\n')),
    ('swallowed-catch', _cc('void f() {\n    try {\n    } catch (...) {\n    g();\n    }\n}\n')),
    ('todo', _cc('// FIX' 'ME: later\n')),
    ('todo', _cc('// TO' 'DO: later\n')),
    ('layer', {'newfolder/a.cc': '// SPDX-License-Identifier: Apache-2.0\n',
               'newfolder/CMakeLists.txt': 'a.cc\n'}),
    ('layer', {'tools/layers.txt': 'base: runtime\nruntime: base\n'
                                   'runtime/os: base runtime | posix\ntests: * | *\n'}),
    ('include-arrow', _cc('#include "runtime/world.h"\n')),
    ('include-arrow', _cc('#include <leveldb/db.h>\n')),
    ('include-arrow', _cc('#include <sys/socket.h>\n')),
    ('include-arrow', {'runtime/os/os.cc': '// SPDX-License-Identifier: Apache-2.0\n'
                                           '#include "node/node.h"\n'}),
    ('include-root', _cc('#include "a.h"\n')),
    ('include-root', _cc('#include <base/a.h>\n')),
    ('link-arrow', {'base/CMakeLists.txt':
                    'geode_library(base SOURCES a.cc HEADERS a.h hash_map.h deep/b.h\n'
                    '  LINKS geode_node)\n'}),
    ('unlisted', {'base/b.h': '// SPDX-License-Identifier: Apache-2.0\n#pragma once\n// Why.\n'}),
    ('unlisted', {'tests/base/b_test.cc': '// SPDX-License-Identifier: Apache-2.0\n'}),
    ('link-arrow', {'base/CMakeLists.txt':  # by the folder that defines it
                    'geode_library(base SOURCES a.cc HEADERS a.h hash_map.h deep/b.h\n'
                    '  LINKS geode_wires)\n',
                    'node/CMakeLists.txt': 'geode_library(wires)\n'}),
    ('readme', {'base/README.md': None}),
    ('readme', {'base/README.md': 'Purpose: x.\nEntry header: `a.h`.\n'}),
    ('dead-link', {'docs/page.md': '[gone](../base/gone.h)\n'}),
    ('exemption', {'tools/tidy_allow.txt': 'columns base/a.cc -- nothing needs it\n'}),
    ('exemption', {'tools/tidy_allow.txt': 'columns base/a.cc\n'}),
    ('file-length-warning', _cc('int x();\n' * 600)),
]

# (category, source): compiled to an object that tools/symbols.py must reject for that category.
OBJECT_PLANTS = [
    ('clock', '#include <chrono>\nlong f() { return std::chrono::steady_clock::now()'
              '.time_since_epoch().count(); }\n'),
    ('clock', '#include <ctime>\nlong f() { return time(nullptr); }\n'),
    ('random', '#include <cstdlib>\nint f() { return rand(); }\n'),
    ('random', '#include <random>\nunsigned f() { std::random_device d; return d(); }\n'),
    ('thread', '#include <thread>\nvoid f() { std::thread([] {}).join(); }\n'),
    ('thread', '#include <condition_variable>\nvoid f(std::condition_variable& c) '
               '{ c.notify_all(); }\n'),
    ('process', '#include <unistd.h>\nint f() { return fork(); }\n'),
    ('network', '#include <sys/socket.h>\nint f() { return socket(1, 1, 0); }\n'),
    ('file', '#include <fstream>\nvoid f() { std::ifstream file("/etc/hosts"); }\n'),
    ('file', '#include <unistd.h>\nlong f(char* p) { return read(0, p, 1); }\n'),
    ('memory', '#include <sys/mman.h>\nvoid f(void* p) { munmap(p, 1); }\n'),
    ('stdio', '#include <cstdio>\nvoid f() { std::puts("x"); }\n'),
    ('environment', '#include <cstdlib>\nchar* f() { return getenv("HOME"); }\n'),
    ('libm', '#include <cmath>\ndouble f(double x) { return std::log(x); }\n'),
    ('tls', 'thread_local int x = 1;\nint f() { return ++x; }\n'),
    ('tls', 'extern thread_local int x;\nint f() { return ++x; }\n'),
    ('static', 'static int x = 1;\nint f() { return ++x; }\n'),
    ('static', 'int f() { static int x; return ++x; }\n'),
    ('static', '__attribute__((section("hidden"))) int x = 1;\n'),
    ('static', '#include <string>\nconst std::string& f() '
               '{ static const std::string s("lazy"); return s; }\n'),
    ('instruction', 'unsigned long long f() { return __builtin_ia32_rdtsc(); }\n'),
    ('instruction', 'void f() { asm volatile("syscall"); }\n'),
]

OBJECT_CLEAN = '''
#include <chrono>
#include <cmath>
#include <map>
#include <string>
#include <vector>
struct Base { virtual ~Base() = default; virtual int f() = 0; };
struct Child final : Base { int f() override { return 1; } };
Base* make() { return new Child; }
const char* const names[] = {"a", "b"};
const char* name(int i) { return names[i]; }
double root(double x) { return std::sqrt(x); }
std::chrono::nanoseconds twice(std::chrono::nanoseconds t) { return t * 2; }
std::map<int, std::string> table(int n) {
    std::map<int, std::string> result;
    for (int i = 0; i < n; ++i) result[i] = std::to_string(i);
    if (n == 7) throw 1;
    return result;
}
struct Probe { const char* name; unsigned long hits; };
void reached() {
    __attribute__((section("geode_probes"), used)) static constinit Probe probe{"p", 0};
    ++probe.hits;
}
'''

# Prints the order of a set keyed by pointers: what perturb/ must disturb.
POINTER_ORDER = '''
#include <cstdio>
#include <memory>
#include <set>
#include <vector>
int main() {
    std::vector<std::unique_ptr<int>> owned;
    std::set<int*> order;
    for (int i = 0; i < 20; ++i) {
        owned.push_back(std::make_unique<int>(i));
        auto gone = std::make_unique<int>(0);
        order.insert(owned.back().get());
    }
    for (int* each : order) std::printf("%d ", *each);
}
'''
