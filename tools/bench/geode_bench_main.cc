// SPDX-License-Identifier: Apache-2.0

// geode-bench: benchmarks that are C++ programs; `./dev bench` runs it.

#include <CLI/CLI.hpp>
#include <cstdio>

#include "tools/bench/check_bench.h"

int main(int argc, char** argv) {
    CLI::App app("Benchmarks of Geode; one JSON object per line and case");
    app.require_subcommand(0, 1);
    bool list = false;
    app.add_flag("--list", list, "Show the benchmarks");
    geode::bench::CheckBenchOptions check;
    CLI::App* const check_command =
        app.add_subcommand("check", "Checkers: seconds and memory per history");
    check_command->add_flag("--quick", check.quick, "Leave out the largest histories");
    check_command->add_option("--only", check.only, "Cases whose name contains this");
    CLI11_PARSE(app, argc, argv);
    if (list) {
        std::puts("  check            geode-bench check [--quick] [--only TEXT]");
        return 0;
    }
    if (check_command->parsed()) return geode::bench::bench_check(check);
    std::fputs(app.help().c_str(), stderr);
    return 2;
}
