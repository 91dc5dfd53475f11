// SPDX-License-Identifier: Apache-2.0
// geode-sim convert: a recorded history in the notation of another tool.

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <optional>

#include "cli/geode_sim.h"
#include "cli/gzip.h"
#include "cli/recorded_files.h"
#include "workloads/check/judge/judge.h"

namespace geode::cli {
namespace {

namespace fs = std::filesystem;

/// The model, if it can be written in the notation that is asked for.
Result<check::ModelSpec> find_spec(const ConvertCommand& command) {
    GEODE_TRY(const check::ModelSpec spec,
              check::find_model({.model = command.model, .format = command.format}));
    const auto formats = check::write_formats(spec.kind);
    if (std::ranges::find(formats, command.to) == formats.end()) {
        std::string names;
        for (const std::string_view format : formats) names.append(" ").append(format);
        return make_error(ErrorCode::invalid_argument, "cannot write the model " + command.model +
                                                           " as \"" + command.to +
                                                           "\"; there are:" + names);
    }
    if (command.initial && spec.kind != check::HistoryKind::register_transactions) {
        return make_error(ErrorCode::invalid_argument,
                          "only rw-register has an initial value that a notation tells");
    }
    return spec;
}

/// The one history behind the path.
Result<RecordedFiles> read_one(const std::string& path) {
    std::optional<Result<RecordedFiles>> only;
    std::size_t count = 0;
    for_each_recording(path, [&](Result<RecordedFiles> recording) {
        if (++count == 1) only = std::move(recording);
    });
    if (count == 1) return *std::move(only);
    return make_error(ErrorCode::invalid_argument,
                      path + ": expected one history, not " + std::to_string(count));
}

Result<void> write_file(const std::string& path, const std::string& bytes) {
    std::ofstream out(path, std::ios::binary);
    out << (path.ends_with(".gz") ? gzip(bytes) : bytes);
    out.close();
    if (!out) return make_error(ErrorCode::io_error, "cannot write " + path);
    return {};
}

/// Into a folder that is new or empty: an older file in it would become part of the history.
Result<void> write_folder(const std::string& folder,
                          const std::vector<check::txn::WrittenFile>& files) {
    std::error_code failed;
    if (fs::exists(folder, failed) && !fs::is_empty(folder, failed)) {
        return make_error(ErrorCode::invalid_argument,
                          folder + ": expected a folder that is new or empty");
    }
    fs::create_directories(folder, failed);
    for (const auto& [name, bytes] : files) {
        GEODE_TRY_VOID(write_file((fs::path(folder) / name).string(), bytes));
    }
    return {};
}

Result<void> write_out(const ConvertCommand& command, const check::WrittenRecording& written) {
    if (command.to == "cobra") {
        if (command.out.empty()) {
            return make_error(ErrorCode::invalid_argument,
                              "cobra has a file for each session: name a folder with --out");
        }
        return write_folder(command.out, written.files);
    }
    const std::string& bytes = written.files.front().bytes;
    if (!command.out.empty()) return write_file(command.out, bytes);
    const bool whole = std::fwrite(bytes.data(), 1, bytes.size(), stdout) == bytes.size();
    if (whole && std::fflush(stdout) == 0) return {};
    return make_error(ErrorCode::io_error, "cannot write to standard output");
}

Result<void> convert(const ConvertCommand& command) {
    GEODE_TRY(const check::ModelSpec spec, find_spec(command));
    GEODE_TRY(const RecordedFiles recording, read_one(command.file));
    GEODE_TRY(check::RecordedHistory history,
              check::read_recording({.name = recording.name, .files = texts_of(recording)},
                                    {.kind = spec.kind, .format = command.format}));
    if (command.initial) {
        auto& transactions = std::get<check::txn::SessionHistory>(history);
        transactions.initial =
            transactions.history.values.intern(check::literal_of(*command.initial));
    }
    auto written = check::write_recording(history, spec.kind, command.to);
    if (!written) {
        return make_error(written.code(), recording.name + ": cannot be written as " + command.to +
                                              ": " + written.error().message);
    }
    for (const std::string& note : written->notes) {
        std::fprintf(stderr, "geode-sim: %s: %s\n", recording.name.c_str(), note.c_str());
    }
    return write_out(command, *written);
}

}  // namespace

int convert_command(const ConvertCommand& command) {
    const auto done = convert(command);
    return done ? 0 : usage_error(done.error().message);
}

}  // namespace geode::cli
