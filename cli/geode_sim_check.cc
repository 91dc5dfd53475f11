// SPDX-License-Identifier: Apache-2.0
// geode-sim check: histories in files, judgements on stdout.

#include <charconv>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>

#include "cli/geode_sim.h"
#include "cli/graph_files.h"
#include "cli/recorded_files.h"
#include "workloads/check/draw/svg.h"
#include "workloads/check/judge/judge.h"

namespace geode::cli {
namespace {

constexpr int exit_not_valid = 1;

/// "512M" or "2G" as bytes; a bare number is bytes.
Result<std::uint64_t> parse_size(const std::string& words) {
    std::uint64_t value = 0;
    const char* const end = words.data() + words.size();
    const auto [stop, code] = std::from_chars(words.data(), end, value);
    const std::string_view unit(stop, static_cast<std::size_t>(end - stop));
    std::uint32_t shift = 64;
    if (unit.empty()) shift = 0;
    if (unit == "K") shift = 10;
    if (unit == "M") shift = 20;
    if (unit == "G") shift = 30;
    if (code != std::errc() || shift == 64 || value == 0 || value > (UINT64_MAX >> shift)) {
        return make_error(ErrorCode::invalid_argument,
                          "--memory: expected bytes such as 512M or 2G, not \"" + words + "\"");
    }
    return value << shift;
}

nlohmann::ordered_json json_of(const check::Anomaly& anomaly) {
    nlohmann::ordered_json json;
    json["name"] = anomaly.name;
    json["words"] = anomaly.words;
    json["operations"] = anomaly.operations;
    json["steps"] = nlohmann::ordered_json::array();
    for (const check::WitnessStep& step : anomaly.steps) {
        nlohmann::ordered_json one;
        one["from"] = step.from;
        one["to"] = step.to;
        one["relation"] = step.relation;
        one["words"] = step.words;
        json["steps"].push_back(std::move(one));
    }
    return json;
}

nlohmann::ordered_json json_of(const check::WitnessOperation& operation) {
    nlohmann::ordered_json json;
    json["index"] = operation.index;
    json["process"] = operation.process;
    json["invoked"] = operation.invoked;
    json["completed"] = nullptr;
    if (operation.completed != UINT64_MAX) json["completed"] = operation.completed;
    json["words"] = operation.words;
    return json;
}

void print_json(const std::string& file, const check::Judgement& judgement) {
    nlohmann::ordered_json line;
    line["file"] = file;
    line["verdict"] = check::to_string(judgement.verdict);
    line["anomaly"] = check::summary(judgement);
    line["steps"] = judgement.steps;
    line["bytes"] = judgement.bytes;
    line["anomalies"] = nlohmann::ordered_json::array();
    for (const auto& anomaly : judgement.anomalies) line["anomalies"].push_back(json_of(anomaly));
    line["operations"] = nlohmann::ordered_json::array();
    for (const auto& operation : judgement.operations) {
        line["operations"].push_back(json_of(operation));
    }
    line["not"] = judgement.ruled_out;
    line["also_not"] = judgement.also_ruled_out;
    const auto replace = nlohmann::ordered_json::error_handler_t::replace;
    std::printf("%s\n", line.dump(-1, ' ', false, replace).c_str());
}

void print_line(const std::string& file, const check::Judgement& judgement) {
    std::string anomaly = check::summary(judgement);
    for (char& byte : anomaly) {
        if (byte == '\n' || byte == '\r' || byte == '\t') byte = ' ';  // one line, three columns
    }
    const std::string verdict(check::to_string(judgement.verdict));
    std::printf("%s\t%s\t%s\n", file.c_str(), verdict.c_str(), anomaly.c_str());
}

/// DIR/NAME.svg; two files of one name get different pictures.
Result<void> draw(const std::string& directory, const std::string& file,
                  std::set<std::string>& used, const check::Judgement& judgement) {
    std::error_code failed;
    std::filesystem::create_directories(directory, failed);
    const std::string base =
        file == "-" ? "stdin" : std::filesystem::path(file).filename().string();
    std::string name = base;
    for (int again = 2; !used.insert(name).second; ++again)
        name = base + "-" + std::to_string(again);
    const std::string path = (std::filesystem::path(directory) / (name + ".svg")).string();
    std::ofstream out(path, std::ios::binary);
    out << check::draw_svg(judgement, file);
    out.close();
    if (!out) return make_error(ErrorCode::io_error, "cannot write " + path);
    std::fprintf(stderr, "geode-sim: drew %s\n", path.c_str());
    return {};
}

/// `command` and `definition` must outlive the request.
Result<check::JudgeRequest> request_of(const CheckCommand& command, std::string_view definition) {
    check::JudgeRequest request{.model = command.model,
                                .consistency = command.consistency,
                                .format = command.format,
                                .initial = command.initial,
                                .definition = definition};
    request.anomalies.assign(command.anomalies.begin(), command.anomalies.end());
    GEODE_TRY([[maybe_unused]] const check::ModelSpec spec, check::find_model(request));
    if (!command.memory.empty()) {
        GEODE_TRY(request.budget.bytes_max, parse_size(command.memory));
    }
    if (command.steps) request.budget.steps_max = *command.steps;
    return request;
}

Result<check::Judgement> judge_files(const RecordedFiles& recording,
                                     const check::JudgeRequest& request) {
    return check::judge({.name = recording.name, .files = texts_of(recording)}, request);
}

/// The command while it goes through the histories.
class CheckRun {
public:
    CheckRun(const CheckCommand& command, const check::JudgeRequest& request)
        : command_(command), request_(request) {}

    void take(const Result<RecordedFiles>& recording) {
        const auto judged = recording ? judge_files(*recording, request_) : recording.error();
        if (!judged) {
            status_ = usage_error(judged.error().message);
            return;
        }
        command_.json ? print_json(recording->name, *judged) : print_line(recording->name, *judged);
        std::fflush(stdout);  // a reader of a pipe sees each file as it is done
        if (judged->verdict == check::Verdict::valid) return;
        if (status_ == 0) status_ = exit_not_valid;
        if (command_.draw.empty() || judged->verdict != check::Verdict::invalid) return;
        const auto written = draw(command_.draw, recording->name, drawn_, *judged);
        if (!written) status_ = usage_error(written.error().message);
    }

    int status() const { return status_; }

private:
    const CheckCommand& command_;
    const check::JudgeRequest& request_;
    int status_ = 0;
    std::set<std::string> drawn_;
};

}  // namespace

int check_command(const CheckCommand& command) {
    Result<std::string> definition = std::string();
    if (!command.model_file.empty()) definition = read_file(command.model_file);
    if (!definition) return usage_error(definition.error().message);
    const Result<check::JudgeRequest> request = request_of(command, *definition);
    if (!request) return usage_error(request.error().message);
    CheckRun run(command, *request);
    for (const std::string& path : command.files) {
        for_each_recording(path, [&run](const auto& recording) { run.take(recording); });
    }
    return run.status();
}

}  // namespace geode::cli
