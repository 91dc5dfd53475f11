// SPDX-License-Identifier: Apache-2.0
#include "jepsen/leader_watch.h"

#include <algorithm>
#include <charconv>
#include <fstream>

namespace geode::jepsen {

std::optional<RoleLine> parse_role_line(std::string_view line) {
    constexpr std::string_view name = " raft.role role=";
    const std::size_t at = line.find(name);
    if (at == std::string_view::npos) return std::nullopt;
    const std::string_view rest = line.substr(at + name.size());
    const std::string_view role = rest.substr(0, rest.find(' '));
    constexpr std::string_view term_name = " term=";
    const std::size_t term_at = rest.find(term_name);
    if (term_at == std::string_view::npos) return std::nullopt;
    RoleLine parsed;
    parsed.leads = role == "leader";
    const char* const begin = rest.data() + term_at + term_name.size();
    const auto number = std::from_chars(begin, rest.data() + rest.size(), parsed.term);
    if (number.ec != std::errc()) return std::nullopt;
    return parsed;
}

bool LeaderWatch::poll() {
    bool elected = false;
    for (std::uint32_t node = 1; node <= files_.size(); ++node) {
        std::ifstream file(files_[node - 1], std::ios::binary);
        if (!file) continue;
        file.seekg(0, std::ios::end);
        const std::int64_t size = file.tellg();
        std::int64_t& read_to = read_to_[node];
        if (size <= read_to) continue;
        std::string& text = unfinished_[node];
        const std::size_t before = text.size();
        text.resize(before + static_cast<std::size_t>(size - read_to));
        file.seekg(read_to);
        file.read(text.data() + before, size - read_to);
        text.resize(before + static_cast<std::size_t>(file.gcount()));
        read_to += file.gcount();
        elected = take_lines(node, text) || elected;
    }
    return elected;
}

/// Takes whole lines out of `text`.
bool LeaderWatch::take_lines(std::uint32_t node, std::string& text) {
    bool elected = false;
    std::size_t begin = 0;
    while (true) {
        const std::size_t end = text.find('\n', begin);
        if (end == std::string::npos) break;
        const auto line = parse_role_line(std::string_view(text).substr(begin, end - begin));
        begin = end + 1;
        if (!line) continue;
        if (line->leads) {
            leads_[node] = line->term;
            elected = terms_.insert(line->term).second || elected;
        } else {
            leads_.erase(node);
        }
    }
    text.erase(0, begin);
    return elected;
}

std::optional<std::uint32_t> LeaderWatch::leader() const {
    const auto best = std::ranges::max_element(
        leads_, [](const auto& a, const auto& b) { return a.second < b.second; });
    if (best == leads_.end()) return std::nullopt;
    return best->first;
}

}  // namespace geode::jepsen
