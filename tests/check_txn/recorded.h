// SPDX-License-Identifier: Apache-2.0
#pragma once

// Where the recorded histories are. The collections are not part of this tree; they are looked for
// in $GEODE_DATA/histories or ../shared/data/histories, and what is absent is skipped, saying so.

#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <string>

#include "workloads/check/edn.h"

namespace geode::check {

/// The path of a file or folder, which may not exist.
inline std::filesystem::path recorded(const std::string& name) {
    const char* const root = std::getenv("GEODE_DATA");
    const std::filesystem::path path =
        std::filesystem::path(root != nullptr ? root : "../shared/data") / "histories" / name;
    if (!std::filesystem::exists(path)) WARN("skipped: " << name);
    return path;
}

inline std::string contents_of(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    std::stringstream text;
    text << file.rdbuf();
    return text.str();
}

/// The keywords in a set or vector, without their colons; empty for null and nil.
inline std::set<std::string> keywords_in(const EdnForm& form, const EdnNode* node) {
    std::set<std::string> words;
    if (node == nullptr || node->kind == EdnKind::nil) return words;
    for (std::size_t at = form.index_of(*node) + 1; at < node->end; at = form.nodes[at].end) {
        words.insert(std::string(form.nodes[at].text.substr(1)));
    }
    return words;
}

}  // namespace geode::check
