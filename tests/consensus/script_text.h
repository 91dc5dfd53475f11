// SPDX-License-Identifier: Apache-2.0
#pragma once

// The text forms of scripts: how messages, entries and outputs are written, and options parsed.

#include <string>
#include <vector>

#include "consensus/raft/raft.h"

namespace geode::raft::test {

std::uint64_t parse_number(const std::string& text);

/// The "name=value" words of a command.
class Options {
public:
    explicit Options(const std::vector<std::string>& words) : words_(words) {}
    bool has(const std::string& name) const;
    std::string text(const std::string& name) const;      ///< empty if absent
    std::uint64_t number(const std::string& name) const;  ///< 0 if absent
    std::vector<std::uint64_t> numbers(const std::string& name) const;
    SnapshotId position(const std::string& name) const;  ///< "index/term"

private:
    const std::vector<std::string>& words_;
};

/// The entry that every log with this index and term holds.
Entry make_entry(LogIndex index, Term term);
Message parse_message(const std::vector<std::string>& words);
/// "1->2", "1->*", "*->2", "*".
bool route_matches(const std::string& route, const Message& message);

template <class Tag, class Rep>
std::string show(StrongId<Tag, Rep> id) {
    return std::to_string(id.value());
}
inline std::string show(SnapshotId at) {
    return show(at.index) + "/" + show(at.term);
}
std::string show_entry(const Entry& entry);
std::string show_message(const Message& message);
std::string show_progress(const Progress& progress);
/// One line per thing that an output says; messages are shown when they are delivered.
std::vector<std::string> show_output(const Output& output);

}  // namespace geode::raft::test
