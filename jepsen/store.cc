// SPDX-License-Identifier: Apache-2.0
#include "jepsen/store.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "jepsen/plots.h"
#include "jepsen/report.h"
#include "jepsen/timeline.h"

namespace geode::jepsen {
namespace {

namespace fs = std::filesystem;

std::string time_name() {
    const auto now = std::chrono::system_clock::now();
    const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch());
    return fmt::format("{:%Y%m%dT%H%M%S}.{:03}Z",
                       fmt::gmtime(std::chrono::system_clock::to_time_t(now)), ms.count() % 1000);
}

/// A link to a sibling; the name is free at every moment or points somewhere.
void point(const fs::path& link, const fs::path& target) {
    std::error_code failure;
    const fs::path fresh = link.string() + ".new";
    fs::remove(fresh, failure);
    fs::create_directory_symlink(target, fresh, failure);
    // A store on a file system without links is as good without them.
    if (!failure) fs::rename(fresh, link, failure);
}

}  // namespace

Result<Store> Store::create(const std::string& root, const std::string& workload) {
    const std::string name = "geode-" + workload;
    const std::string time = time_name();
    const fs::path directory = fs::absolute(fs::path(root) / name / time);
    std::error_code failure;
    fs::create_directories(directory, failure);
    if (failure) {
        return make_error(ErrorCode::io_error, directory.string() + ": " + failure.message());
    }
    point(fs::path(root) / name / "latest", time);
    point(fs::path(root) / "latest", fs::path(name) / time);
    return Result<Store>(Store(directory.string()));
}

Result<void> Store::write(const std::string& name, const std::string& text) const {
    return write_text(directory_ + "/" + name, text);
}

Result<void> Store::write_run(const ChaosOptions& options, const ChaosReport& report,
                              const std::string& reproduce) const {
    GEODE_TRY_VOID(write("schedule.json", sim::to_json_text(options.schedule)));
    GEODE_TRY_VOID(write("history.edn", to_edn(report.events)));
    GEODE_TRY_VOID(write("results.edn", results_edn(report)));
    GEODE_TRY_VOID(write("results.json", to_json_line(report, directory_, reproduce) + "\n"));
    GEODE_TRY_VOID(write("latency-raw.svg", latency_svg(report.events)));
    GEODE_TRY_VOID(write("rate.svg", rate_svg(report.events)));
    return write("timeline.html", timeline_html(report.events, options.workload));
}

void Store::drop_data(std::uint32_t nodes) const {
    std::error_code ignored;
    for (std::uint32_t node = 1; node <= nodes; ++node) {
        const std::string data = fmt::format("{}/n{}", nodes_directory(), node);
        fs::remove_all(data, ignored);
        fs::remove(data + ".control", ignored);
    }
}

Result<void> write_text(const std::string& path, const std::string& text) {
    std::ofstream file(path, std::ios::binary);
    if (!(file << text) || !file.flush()) {
        return make_error(ErrorCode::io_error, "cannot write " + path);
    }
    return {};
}

Result<std::string> read_file(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    std::ostringstream text;
    if (!file || !(text << file.rdbuf())) {
        return make_error(ErrorCode::not_found, "cannot read " + path);
    }
    return std::move(text).str();
}

}  // namespace geode::jepsen
