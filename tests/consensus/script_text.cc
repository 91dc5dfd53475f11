// SPDX-License-Identifier: Apache-2.0
#include "tests/consensus/script_text.h"

#include <charconv>
#include <sstream>

#include "base/assert.h"
#include "tests/consensus/cluster.h"

namespace geode::raft::test {

std::uint64_t parse_number(const std::string& text) {
    std::uint64_t value = 0;
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
}

bool Options::has(const std::string& name) const {
    for (const std::string& word : words_) {
        if (word == name || word.starts_with(name + "=")) return true;
    }
    return false;
}

std::string Options::text(const std::string& name) const {
    for (const std::string& word : words_) {
        if (word.starts_with(name + "=")) return word.substr(name.size() + 1);
    }
    return {};
}

std::uint64_t Options::number(const std::string& name) const {
    return parse_number(text(name));
}

std::vector<std::uint64_t> Options::numbers(const std::string& name) const {
    std::istringstream stream(text(name));
    std::vector<std::uint64_t> values;
    for (std::string part; std::getline(stream, part, ',');) values.push_back(parse_number(part));
    return values;
}

SnapshotId Options::position(const std::string& name) const {
    const std::string value = text(name);
    const std::size_t slash = value.find('/');
    if (slash == std::string::npos) return {};
    return {LogIndex(parse_number(value)), Term(parse_number(value.substr(slash + 1)))};
}

Entry make_entry(LogIndex index, Term term) {
    return make_command(index, term, "e" + show(index) + "." + show(term));
}

Message parse_message(const std::vector<std::string>& words) {
    const Options options(words);
    Message message;
    for (std::uint8_t type = 1; type <= 11; ++type) {
        message.type = static_cast<MessageType>(type);
        if (to_string(message.type) == words.at(1)) break;
    }
    GEODE_ASSERT(to_string(message.type) == words.at(1));
    message.from = NodeId(static_cast<std::uint32_t>(options.number("from")));
    message.to = NodeId(static_cast<std::uint32_t>(options.number("to")));
    message.term = Term(options.number("term"));
    message.log_index = options.position("log").index;
    message.log_term = options.position("log").term;
    message.hint_index = LogIndex(options.number("hint"));
    message.commit = LogIndex(options.number("commit"));
    message.reject = options.has("reject");
    message.read_sequence = options.number("read");
    message.snapshot = options.position("snapshot");
    if (message.type == MessageType::snapshot_chunk) {
        message.chunk_done = true;
        Bytes states;
        for (std::uint64_t i = 0; i < message.snapshot.index.value(); ++i) states += "?\n";
        message.chunk = make_payload(states);
    }
    LogIndex index = message.log_index;
    for (const std::uint64_t term : options.numbers("entries")) {
        index = index.next();
        message.entries.push_back(make_entry(index, Term(term)));
    }
    return message;
}

bool route_matches(const std::string& route, const Message& message) {
    if (route == "*") return true;
    const std::size_t arrow = route.find("->");
    GEODE_ASSERT(arrow != std::string::npos);
    const std::string from = route.substr(0, arrow);
    const std::string to = route.substr(arrow + 2);
    return (from == "*" || from == show(message.from)) && (to == "*" || to == show(message.to));
}

std::string show_entry(const Entry& entry) {
    const std::string position = show(entry.index) + "/" + show(entry.term);
    return position + ":" + (entry.payload == nullptr ? "-" : *entry.payload);
}

std::string show_message(const Message& message) {
    std::string text = show(message.from) + "->" + show(message.to) + " " +
                       std::string(to_string(message.type)) + " t" + show(message.term);
    const auto position = [&] { return show(message.log_index) + "/" + show(message.log_term); };
    if (message.reject) text += " reject";
    switch (message.type) {
        case MessageType::pre_vote:
        case MessageType::vote: text += " last=" + position(); break;
        case MessageType::append:
            text += " prev=" + position() + " commit=" + show(message.commit);
            for (const Entry& entry : message.entries) text += " " + show_entry(entry);
            break;
        case MessageType::append_response:
            text += " at=" + show(message.log_index);
            if (message.reject) {
                text += " hint=" + show(message.hint_index) + "/" + show(message.log_term);
            }
            break;
        case MessageType::heartbeat: text += " commit=" + show(message.commit); [[fallthrough]];
        case MessageType::heartbeat_response:
            if (message.read_sequence > 0) text += " read=" + std::to_string(message.read_sequence);
            break;
        case MessageType::snapshot_chunk:
        case MessageType::snapshot_ack: text += " snapshot=" + show(message.snapshot); break;
        default: break;
    }
    return text;
}

std::string show_progress(const Progress& progress) {
    std::string text = show(progress.peer()) + ": ";
    switch (progress.state()) {
        case ProgressState::probe: text += "probe"; break;
        case ProgressState::replicate: text += "replicate"; break;
        case ProgressState::snapshot: text += "snapshot"; break;
    }
    text += " match=" + show(progress.match()) + " next=" + show(progress.next());
    if (progress.inflight() > 0) text += " inflight=" + std::to_string(progress.inflight());
    return text + (progress.paused() ? " paused" : "");
}

std::vector<std::string> show_output(const Output& output) {
    std::vector<std::string> lines;
    if (output.role_change) {
        const RoleChange& change = *output.role_change;
        lines.push_back("is " + std::string(to_string(change.role)) + " in term " +
                        show(change.term) + ", leader " + show(change.leader));
    }
    if (output.log_start) {
        lines.push_back("log starts after " + show(output.log_start->at) +
                        (output.log_start->discard ? ", the rest is discarded" : ""));
    }
    if (output.write) {
        std::string text = "writes #" + std::to_string(output.write->sequence);
        if (output.hard_state) {
            text +=
                " term=" + show(output.hard_state->term) + " vote=" + show(output.hard_state->vote);
        }
        for (const Entry& entry : output.entries) text += " " + show_entry(entry);
        lines.push_back(text);
    }
    for (const ProposalAccepted& accepted : output.accepted) {
        lines.push_back("accepts " + std::to_string(accepted.context) + " at " +
                        show(accepted.index) + "/" + show(accepted.term));
    }
    for (const std::uint64_t context : output.proposals_rejected) {
        lines.push_back("rejects proposal " + std::to_string(context));
    }
    for (const Entry& entry : output.committed) lines.push_back("commits " + show_entry(entry));
    for (const ReadReady& ready : output.reads_ready) {
        lines.push_back("serves read " + std::to_string(ready.context) + " at " +
                        show(ready.index));
    }
    for (const std::uint64_t context : output.reads_rejected) {
        lines.push_back("rejects read " + std::to_string(context));
    }
    for (const NodeId peer : output.snapshot_needed) {
        lines.push_back("needs a snapshot for " + show(peer));
    }
    return lines;
}

}  // namespace geode::raft::test
