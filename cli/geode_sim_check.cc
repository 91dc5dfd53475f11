// SPDX-License-Identifier: Apache-2.0
// geode-sim check and list.

#include <cstdio>
#include <nlohmann/json.hpp>
#include <set>

#include "base/probe.h"
#include "cli/geode_sim.h"
#include "cli/graph_files.h"
#include "workloads/check/formats.h"
#include "workloads/check/linearizability.h"

namespace geode::cli {
namespace {

struct FormatName {
    std::string_view name;
    check::Format format;
};
constexpr FormatName formats[] = {{"auto", check::Format::detect},
                                  {"jepsen-log", check::Format::jepsen_log},
                                  {"edn", check::Format::edn},
                                  {"json", check::Format::json_lines}};

Result<check::Format> find_format(const std::string& name) {
    std::string names;
    for (const FormatName& known : formats) {
        if (known.name == name) return known.format;
        names.append(names.empty() ? "" : " ").append(known.name);
    }
    return make_error(ErrorCode::invalid_argument,
                      "unknown format \"" + name + "\"; there are: " + names);
}

Result<check::LinearizabilityResult> check_file(const std::string& file, check::Format format,
                                                const check::Model& model) {
    GEODE_TRY(const std::string text, read_file(file));
    GEODE_TRY(const check::History history, check::parse_history(text, file, format));
    Result<check::LinearizabilityResult> checked = check::check_linearizability(history, model);
    if (!checked) return make_error(checked.code(), file + ": " + checked.error().message);
    return checked;
}

void print_check(const std::string& file, const check::LinearizabilityResult& result, bool json) {
    const std::string verdict(check::to_string(result.verdict));
    const bool valid = result.verdict == check::Verdict::valid;
    if (json) {
        nlohmann::ordered_json line;
        line["file"] = file;
        line["verdict"] = verdict;
        line["anomaly"] = valid ? "" : result.explanation;
        line["steps"] = result.steps;
        line["bytes"] = result.bytes;
        const auto replace = nlohmann::ordered_json::error_handler_t::replace;
        std::printf("%s\n", line.dump(-1, ' ', false, replace).c_str());
        return;
    }
    std::string anomaly = valid ? "" : result.explanation;
    for (char& byte : anomaly) {
        if (byte == '\n' || byte == '\t') byte = ' ';  // one line, three columns
    }
    std::printf("%s\t%s\t%s\n", file.c_str(), verdict.c_str(), anomaly.c_str());
}

}  // namespace

int check_command(const CheckCommand& command) {
    const Result<std::unique_ptr<check::Model>> model = check::make_model(command.model);
    if (!model) return usage_error(model.error().message);
    const Result<check::Format> format = find_format(command.format);
    if (!format) return usage_error(format.error().message);
    int status = 0;
    for (const std::string& file : command.files) {
        const auto checked = check_file(file, *format, **model);
        if (!checked) {
            usage_error(checked.error().message);
            status = exit_usage;
            continue;
        }
        print_check(file, *checked, command.json);
        if (checked->verdict == check::Verdict::invalid && status == 0) status = 1;
    }
    return status;
}

int list_command(const std::string& what) {
    const auto text = [](std::string_view view) { return std::string(view); };
    if (what == "workloads") {
        for (const sim::WorkloadSpec& spec : sim::workload_specs()) {
            std::printf("%-12s %s\n", text(spec.name).c_str(), text(spec.about).c_str());
        }
        return 0;
    }
    if (what == "faults") {
        for (const sim::FaultKindSpec& spec : sim::fault_kinds()) {
            std::printf("%-18s %s%s\n", text(spec.name).c_str(), text(spec.about).c_str(),
                        spec.in_all ? "" : " (not part of \"all\")");
        }
        return 0;
    }
    if (what == "models") {
        std::printf("%s\n", text(check::model_names()).c_str());
        return 0;
    }
    if (what == "probes") {
        std::set<std::string> lines;
        for (const Probe& probe : all_probes()) {
            lines.insert(text(probe.name) + "\t" + probe.file + ":" + std::to_string(probe.line));
        }
        for (const std::string& line : lines) std::printf("%s\n", line.c_str());
        return 0;
    }
    return usage_error("unknown list \"" + what + "\"; there are: workloads faults models probes");
}

}  // namespace geode::cli
