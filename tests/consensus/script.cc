// SPDX-License-Identifier: Apache-2.0
#include "tests/consensus/script.h"

#include <algorithm>
#include <charconv>
#include <sstream>

#include "base/assert.h"
#include "tests/consensus/script_text.h"

namespace geode::raft::test {
namespace {

constexpr int stabilize_rounds_max = 1000;

bool contains(const std::vector<NodeId>& nodes, NodeId node) {
    return std::find(nodes.begin(), nodes.end(), node) != nodes.end();
}

std::vector<std::string> split_words(const std::string& line) {
    std::istringstream stream(line);
    std::vector<std::string> words;
    for (std::string word; stream >> word;) words.push_back(word);
    return words;
}

}  // namespace

std::string Script::run(const std::string& line) {
    out_.clear();
    Words words = split_words(line);
    const bool quiet = words.at(0) == "quiet";
    if (quiet) words.erase(words.begin());
    const std::string before = violation();
    dispatch(words);
    if (quiet) out_.clear();
    if (!violation().empty() && violation() != before) print("VIOLATION " + violation());
    return out_;
}

void Script::dispatch(const Words& words) {
    if (dispatch_flow(words) || dispatch_node(words) || dispatch_view(words)) return;
    print("unknown command " + words[0]);
}

bool Script::dispatch_flow(const Words& words) {
    const std::string& verb = words[0];
    if (verb == "nodes") {
        add_nodes(words);
    } else if (verb == "deliver" || verb == "drop" || verb == "dup") {
        move(words);
    } else if (verb == "stabilize") {
        stabilize(words);
    } else if (verb == "inject") {
        inject(words);
    } else if (verb == "heal") {
        cluster_.heal();
    } else if (verb == "hold-snapshots") {
        cluster_.auto_snapshot = false;
    } else if (verb == "time") {
        cluster_.now += milliseconds(static_cast<std::int64_t>(parse_number(words.at(1))));
    } else {
        return false;
    }
    return true;
}

bool Script::dispatch_node(const Words& words) {
    const std::string& verb = words[0];
    if (words.size() < 2 || verb == "status" || verb == "show-log") return false;
    const NodeId node(static_cast<std::uint32_t>(parse_number(words[1])));
    const std::uint64_t argument = words.size() > 2 ? parse_number(words[2]) : 0;
    const NodeId peer(static_cast<std::uint32_t>(argument));
    if (verb == "log") {
        set_log(words);
    } else if (verb == "campaign" || verb == "tick") {
        advance_to_deadline(node);
    } else if (verb == "propose") {
        propose(words);
    } else if (verb == "read") {
        cluster_.step(node, Read{argument});
    } else if (verb == "persist") {
        cluster_.persist(node, words.size() > 2 ? argument : 1000);
    } else if (verb == "compact") {
        cluster_.compact(node, LogIndex(argument));
    } else if (verb == "crash") {
        cluster_.crash(node, argument);
    } else if (verb == "start") {
        cluster_.start(node);
    } else if (verb == "hold") {
        cluster_.node(node).hold_apply = true;
    } else if (verb == "release") {
        cluster_.node(node).hold_apply = false;
        cluster_.apply(node);
    } else if (verb == "cut") {
        cluster_.cut(node);
    } else if (verb == "unreachable") {
        cluster_.step(node, PeerUnreachable{peer});
    } else if (verb == "forget") {
        cluster_.step(node, ForgetLeader{});
    } else if (verb == "send-snapshot") {
        cluster_.send_snapshot(node, peer);
    } else if (verb == "snapshot-failed") {
        cluster_.step(node, SnapshotSent{peer, {}, false});
    } else {
        return false;
    }
    return true;
}

bool Script::dispatch_view(const Words& words) {
    if (words[0] == "messages") {
        for (const Message& message : cluster_.in_flight()) print(show_message(message));
    } else if (words[0] == "status") {
        for (const NodeId node : node_list(words)) status(node);
    } else if (words[0] == "show-log") {
        for (const NodeId node : node_list(words)) show_log(node);
    } else {
        return false;
    }
    return true;
}

void Script::add_nodes(const Words& words) {
    cluster_ = Cluster(1);
    cluster_.observer = [this](const ModelNode& node, const Output& output) {
        observe(node, output);
    };
    Config config;
    const Options options(words);
    config.pre_vote = options.text("pre_vote") != "off";
    config.check_quorum = options.text("check_quorum") != "off";
    const auto set = [&](const char* name, std::uint32_t& value) {
        if (options.has(name)) value = static_cast<std::uint32_t>(options.number(name));
    };
    set("inflight", config.inflight_messages_max);
    set("batch", config.append_entries_max);
    set("apply", config.unapplied_entries_max);
    set("uncommitted", config.uncommitted_entries_max);
    set("reads", config.reads_pending_max);
    if (options.has("bytes")) config.append_bytes_max = options.number("bytes");
    if (options.has("stall")) {
        config.write_stall_max = milliseconds(static_cast<std::int64_t>(options.number("stall")));
    }
    const auto count = static_cast<std::uint32_t>(parse_number(words.at(1)));
    for (std::uint32_t i = 1; i <= count; ++i) config.voters.push_back(NodeId(i));
    for (const NodeId id : config.voters) {
        config.self = id;
        cluster_.add_node(config);
        cluster_.start(id);
    }
}

void Script::set_log(const Words& words) {
    const NodeId id(static_cast<std::uint32_t>(parse_number(words.at(1))));
    const Options options(words);
    NodeDisk disk;
    disk.log_start = options.position("start");
    disk.applied = disk.log_start;
    Term term = disk.log_start.term;
    LogIndex index = disk.log_start.index;
    for (const std::uint64_t value : options.numbers("terms")) {
        index = index.next();
        term = Term(value);
        disk.entries.push_back(make_entry(index, term));
        if (options.has("applied") && index.value() <= options.number("applied")) {
            disk.applied = {index, term};
        }
    }
    for (LogIndex i; i < disk.applied.index; i = i.next()) disk.states.push_back("?");
    const NodeId vote(static_cast<std::uint32_t>(options.number("vote")));
    disk.hard_state = {std::max(term, Term(options.number("term"))), vote};
    ModelNode& node = cluster_.node(id);
    cluster_.crash(id, 0);
    node.disk = std::move(disk);
    cluster_.start(id);
}

void Script::advance_to_deadline(NodeId node) {
    cluster_.now = std::max(cluster_.now, cluster_.node(node).raft->deadline());
    cluster_.tick(node);
}

void Script::propose(const Words& words) {
    std::vector<Proposal> batch;
    for (std::size_t i = 2; i < words.size(); ++i) {
        batch.push_back({next_context_++, make_payload(words[i])});
    }
    const NodeId node(static_cast<std::uint32_t>(parse_number(words[1])));
    cluster_.step(node, Propose{batch});
}

/// deliver, drop, dup: the messages in flight that match "A->B", "A->*" or "*->B" and a type, those
/// in flight now only.
void Script::move(const Words& words) {
    std::uint64_t left = words[0] == "dup" ? 1 : 1000;
    std::string type;
    for (std::size_t i = 2; i < words.size(); ++i) {
        const bool is_count = std::isdigit(static_cast<unsigned char>(words[i][0])) != 0;
        if (is_count) left = parse_number(words[i]);
        if (!is_count) type = words[i];
    }
    std::vector<Message>& flying = cluster_.in_flight();
    std::size_t untouched = flying.size();
    for (std::size_t position = 0; untouched > 0 && left > 0; --untouched) {
        const Message& message = flying[position];
        const bool matches = route_matches(words.at(1), message) &&
                             (type.empty() || to_string(message.type) == type);
        if (!matches) {
            ++position;
            continue;
        }
        --left;
        if (words[0] == "deliver") {
            deliver_at(position);
        } else if (words[0] == "drop") {
            print("dropped " + show_message(message));
            flying.erase(flying.begin() + static_cast<std::ptrdiff_t>(position));
        } else {
            const Message copy = message;
            flying.push_back(copy);
        }
    }
}

void Script::stabilize(const Words& words) {
    const std::vector<NodeId> nodes = node_list(words);
    for (int round = 0; round < stabilize_rounds_max; ++round) {
        const bool wrote = persist_some(nodes);
        const bool delivered = deliver_some(nodes);
        if (!wrote && !delivered) return;
    }
    print("does not stabilize");
}

bool Script::persist_some(const std::vector<NodeId>& nodes) {
    bool any = false;
    for (const NodeId id : nodes) {
        if (cluster_.node(id).writes.empty()) continue;
        any = true;
        cluster_.persist(id, 1000);
    }
    return any;
}

bool Script::deliver_some(const std::vector<NodeId>& nodes) {
    const std::vector<Message>& flying = cluster_.in_flight();
    bool any = false;
    std::size_t untouched = flying.size();
    for (std::size_t position = 0; untouched > 0; --untouched) {
        const Message& message = flying[position];
        if (!contains(nodes, message.from) || !contains(nodes, message.to)) {
            ++position;
            continue;
        }
        any = true;
        deliver_at(position);
    }
    return any;
}

void Script::deliver_at(std::size_t position) {
    print(show_message(cluster_.in_flight()[position]));
    cluster_.deliver(position);
}

void Script::inject(const Words& words) {
    cluster_.in_flight().push_back(parse_message(words));
    deliver_at(cluster_.in_flight().size() - 1);
}

void Script::status(NodeId id) {
    const ModelNode& node = cluster_.node(id);
    if (node.raft == nullptr) return print(show(id) + " down");
    const Raft& raft = *node.raft;
    print(show(id) + " " + std::string(to_string(raft.role())) + " term=" + show(raft.term()) +
          " vote=" + show(raft.hard_state().vote) + " leader=" + show(raft.leader()) +
          " first=" + show(raft.first_index()) + " last=" + show(raft.last_index()) +
          " durable=" + show(raft.durable()) + " commit=" + show(raft.commit()) +
          " applied=" + show(raft.applied()));
    if (raft.role() != Role::leader) return;
    for (const Progress& peer : raft.peers()) print("  " + show_progress(peer));
}

void Script::show_log(NodeId id) {
    const ModelNode& node = cluster_.node(id);
    if (node.raft == nullptr) return print(show(id) + " down");
    std::string text = show(id) + " after " + show(node.raft->log().start()) + ":";
    for (const Entry& entry : node.raft->log().entries()) text += " " + show_entry(entry);
    print(text);
}

std::vector<NodeId> Script::node_list(const Words& words) const {
    std::vector<NodeId> nodes;
    for (std::size_t i = 1; i < words.size(); ++i) {
        nodes.push_back(NodeId(static_cast<std::uint32_t>(parse_number(words[i]))));
    }
    if (!nodes.empty()) return nodes;
    for (const auto& [id, node] : cluster_.nodes()) nodes.push_back(id);
    return nodes;
}

void Script::observe(const ModelNode& node, const Output& output) {
    for (const std::string& line : show_output(output)) print("  " + show(node.id) + " " + line);
}

void Script::print(std::string line) {
    out_ += std::move(line) + "\n";
}

}  // namespace geode::raft::test
