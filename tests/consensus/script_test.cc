// SPDX-License-Identifier: Apache-2.0
//
// Every testdata/*.txt is one scenario (script.h has the commands). GEODE_REWRITE=1 writes what
// happened as what is expected; the diff is then reviewed like code.
#include <dirent.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include "tests/consensus/script.h"

using geode::raft::test::Script;

namespace {

std::vector<std::string> script_names() {
    std::vector<std::string> names;
    DIR* const folder = opendir(GEODE_TESTDATA);
    REQUIRE(folder != nullptr);
    while (const dirent* const entry = readdir(folder)) {
        const std::string name = entry->d_name;
        if (name.ends_with(".txt")) names.push_back(name);
    }
    closedir(folder);
    std::sort(names.begin(), names.end());
    return names;
}

std::string read_text(const std::string& path) {
    std::ifstream file(path);
    std::stringstream text;
    text << file.rdbuf();
    return text.str();
}

/// The script with its expected parts replaced by what happened.
std::string replay(const std::string& text) {
    Script script;
    std::string result;
    std::string happened;
    bool in_expected = false;
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
        if (in_expected) {
            in_expected = !line.empty();
            if (!in_expected) result += "\n";
            continue;
        }
        result += line + "\n";
        if (line == "----") {
            result += happened;
            happened.clear();
            in_expected = true;
        } else if (!line.empty() && line[0] != '#') {
            happened += script.run(line);
        }
    }
    return result;
}

}  // namespace

TEST_CASE("raft: follows its interaction scripts", "[fast]") {
    const std::vector<std::string> names = script_names();
    REQUIRE(names.size() >= 20);
    const bool rewrite = std::getenv("GEODE_REWRITE") != nullptr;
    for (const std::string& name : names) {
        INFO("script " << name);
        const std::string path = std::string(GEODE_TESTDATA) + "/" + name;
        const std::string expected = read_text(path);
        CHECK(expected.starts_with("# "));
        const std::string happened = replay(expected);
        if (rewrite) {
            std::ofstream(path) << happened;
        } else {
            CHECK(happened == expected);
        }
    }
}
