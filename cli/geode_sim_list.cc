// SPDX-License-Identifier: Apache-2.0
// geode-sim list: what there is to choose from.

#include <cstdio>
#include <set>

#include "base/probe.h"
#include "cli/geode_sim.h"
#include "workloads/check/judge/judge.h"

namespace geode::cli {
namespace {

std::string text(std::string_view view) {
    return std::string(view);
}

void list_workloads() {
    for (const sim::WorkloadSpec& spec : sim::workload_specs()) {
        std::printf("%-12s %s\n", text(spec.name).c_str(), text(spec.about).c_str());
    }
}

void list_faults() {
    for (const sim::FaultKindSpec& spec : sim::fault_kinds()) {
        std::printf("%-18s %s%s\n", text(spec.name).c_str(), text(spec.about).c_str(),
                    spec.in_all ? "" : " (not part of \"all\")");
    }
}

void list_names(const char* what, std::span<const std::string_view> names) {
    std::printf("    %-12s", what);
    for (const std::string_view name : names) std::printf(" %s", text(name).c_str());
    std::printf("\n");
}

void list_models() {
    for (const check::ModelSpec& spec : check::model_specs()) {
        std::printf("%-16s %s\n", text(spec.name).c_str(), text(spec.about).c_str());
        list_names("consistency", spec.levels);
        if (!spec.anomalies.empty()) list_names("anomalies", spec.anomalies);
        list_names("read as", check::read_formats(spec.kind));
        list_names("written as", check::write_formats(spec.kind));
    }
}

void list_probes() {
    std::set<std::string> lines;
    for (const Probe& probe : all_probes()) {
        lines.insert(text(probe.name) + "\t" + probe.file + ":" + std::to_string(probe.line));
    }
    for (const std::string& line : lines) std::printf("%s\n", line.c_str());
}

}  // namespace

int list_command(const std::string& what) {
    if (what == "workloads") {
        list_workloads();
    } else if (what == "faults") {
        list_faults();
    } else if (what == "models") {
        list_models();
    } else if (what == "probes") {
        list_probes();
    } else {
        return usage_error("unknown list \"" + what +
                           "\"; there are: workloads faults models probes");
    }
    return 0;
}

}  // namespace geode::cli
