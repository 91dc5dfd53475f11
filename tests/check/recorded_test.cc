// SPDX-License-Identifier: Apache-2.0

// Histories recorded elsewhere, with verdicts others have established: porcupine's etcd logs and
// key-value histories, Knossos's registers, generated registers. The collections are not part of
// this tree; they are looked for in $GEODE_DATA/histories or ../shared/data/histories, and what is
// absent is skipped, saying so.

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

#include "workloads/check/formats.h"
#include "workloads/check/linearizability.h"

namespace geode::check {
namespace {

namespace fs = std::filesystem;

fs::path collection(const std::string& name) {
    const char* const root = std::getenv("GEODE_DATA");
    const fs::path path = fs::path(root != nullptr ? root : "../shared/data") / "histories" / name;
    if (!fs::exists(path)) WARN("skipped: " << name);
    return path;
}

std::vector<fs::path> files_in(const fs::path& folder) {
    std::vector<fs::path> files;
    if (!fs::exists(folder)) return files;
    for (const auto& entry : fs::directory_iterator(folder)) files.push_back(entry.path());
    std::sort(files.begin(), files.end());
    return files;
}

std::string contents(const fs::path& path) {
    if (path.extension() != ".gz") {
        std::ifstream file(path, std::ios::binary);
        std::stringstream text;
        text << file.rdbuf();
        return text.str();
    }
    std::string text;
    std::FILE* const pipe = ::popen(("gzip -dc '" + path.string() + "'").c_str(), "r");
    REQUIRE(pipe != nullptr);
    char buffer[1 << 16];
    while (const std::size_t count = std::fread(buffer, 1, sizeof buffer, pipe)) {
        text.append(buffer, count);
    }
    REQUIRE(::pclose(pipe) == 0);
    return text;
}

void expect(const fs::path& path, const Model& model, Verdict verdict) {
    CAPTURE(path.string());
    const auto history = parse_history(contents(path), path.filename().string());
    if (!history) FAIL(history.error().message);
    const auto result = check_linearizability(*history, model);
    if (!result) FAIL(result.error().message);
    CAPTURE(result->explanation);
    CHECK(result->verdict == verdict);
}

TEST_CASE("check: etcd logs have porcupine's verdicts", "[fast][recorded]") {
    const fs::path folder = collection("porcupine");
    std::ifstream expected(folder / "expected_etcd.txt");
    std::string name;
    std::string verdict;
    const auto model = make_register_model();
    while (expected >> name >> verdict) {
        REQUIRE((verdict == "ok" || verdict == "illegal"));
        expect(folder / "jepsen" / name, *model,
               verdict == "ok" ? Verdict::valid : Verdict::invalid);
    }
}

TEST_CASE("check: key-value histories have the verdict in their name", "[fast][recorded]") {
    const auto model = make_kv_model();
    for (const fs::path& path : files_in(collection("porcupine") / "kv")) {
        const bool good = path.stem().string().ends_with("-ok");
        expect(path, *model, good ? Verdict::valid : Verdict::invalid);
    }
}

TEST_CASE("check: Knossos's registers have the verdict of their folder", "[fast][recorded]") {
    const fs::path folder = collection("knossos") / "cas-register";
    const auto model = make_register_model();
    for (const fs::path& path : files_in(folder / "good")) expect(path, *model, Verdict::valid);
    for (const fs::path& path : files_in(folder / "bad")) expect(path, *model, Verdict::invalid);
}

TEST_CASE("check: Knossos's multi-registers have the verdict of their folder", "[fast][recorded]") {
    const fs::path folder = collection("knossos") / "multi-register";
    const auto zero =
        make_multi_register_model({.others = {.kind = ValueKind::integer, .integer = 0}});
    for (const fs::path& path : files_in(folder / "good")) expect(path, *zero, Verdict::valid);
    for (const fs::path& path : files_in(folder / "bad")) expect(path, *zero, Verdict::invalid);
    // It really read the zeros: with registers that start as nil the first read is impossible.
    const auto nil = make_multi_register_model();
    for (const fs::path& path : files_in(folder / "good")) expect(path, *nil, Verdict::invalid);
}

TEST_CASE("check: generated registers have the verdict in their name", "[fast][recorded]") {
    const auto model = make_register_model();
    for (const fs::path& path : files_in(collection("synth-register"))) {
        if (path.extension() != ".gz") continue;
        const bool good = path.string().find("-ok.") != std::string::npos;
        expect(path, *model, good ? Verdict::valid : Verdict::invalid);
    }
}

}  // namespace
}  // namespace geode::check
