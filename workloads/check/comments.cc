// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <map>
#include <set>

#include "workloads/check/keyed_values.h"
#include "workloads/check/total_parts.h"
#include "workloads/check/totals.h"

namespace geode::check {
namespace {

constexpr std::uint32_t none = UINT32_MAX;

/// What is known of one id. Should it be written twice, no write of it began before `begun`, and it
/// is there from `acknowledged` on.
struct Comment {
    std::uint32_t begun = none;         // the write invoked first, of those that did not fail
    std::uint32_t acknowledged = none;  // the write acknowledged first
    bool told = false;                  // that it was seen when it could not be
};

class Comments {
public:
    explicit Comments(const History& history) : history_(history), findings_(history) {}

    Result<Judgement> run();

private:
    /// The ids under one key.
    struct Group {
        std::map<ValueId, Comment> comments;
        std::vector<ValueId> acknowledged;  // in that order
    };

    struct Read {
        std::uint32_t operation;
        KeyedList shown;
    };

    void note_write(std::uint32_t index);
    void order_acknowledged();
    Result<std::vector<Read>> reads() const;
    bool may_show(std::uint32_t read, const Comment& comment) const;
    void check_missing(const Read& read);
    void check_shown(const Read& read);
    void report(std::uint32_t read, ValueId shown, ValueId missed, const Group& group);

    const Operation& operation(std::uint32_t index) const { return history_.operations[index]; }
    std::uint64_t acknowledged_at(const Comment& comment) const {
        return comment.acknowledged == none ? never_completed
                                            : operation(comment.acknowledged).completed;
    }

    const History& history_;
    Findings findings_;
    std::map<ValueId, Group> groups_;
};

Result<Judgement> Comments::run() {
    GEODE_TRY_VOID(check_functions(history_, {Function::read, Function::write}));
    for (std::uint32_t index = 0; index < history_.operations.size(); ++index) {
        if (operation(index).function == Function::write) note_write(index);
    }
    order_acknowledged();
    GEODE_TRY(const std::vector<Read> all, reads());
    for (const Read& read : all) check_missing(read);
    for (const Read& read : all) check_shown(read);
    return std::move(findings_).judgement("strict-serializable");
}

void Comments::note_write(std::uint32_t index) {
    const Operation& write = operation(index);
    if (write.completion == Completion::fail) return;
    const auto [key, id] = keyed_argument(write, history_.values);
    Comment& comment = groups_[key].comments[id];
    if (comment.begun == none) comment.begun = index;
    // One of unknown outcome never completes.
    if (write.completed < acknowledged_at(comment)) comment.acknowledged = index;
}

void Comments::order_acknowledged() {
    for (auto& [key, group] : groups_) {
        for (const auto& [id, comment] : group.comments) {
            if (comment.acknowledged != none) group.acknowledged.push_back(id);
        }
        std::ranges::sort(group.acknowledged, {},
                          [&](ValueId id) { return acknowledged_at(group.comments.at(id)); });
    }
}

Result<std::vector<Comments::Read>> Comments::reads() const {
    std::vector<Read> out;
    for (std::uint32_t index = 0; index < history_.operations.size(); ++index) {
        const Operation& read = operation(index);
        if (!is_ok_read(read) || read.result == nil_value) continue;
        const auto shown = keyed_result(read, history_.values);
        if (!shown) return objection(history_, read, "a read of a set");
        out.push_back({index, *shown});
    }
    return out;
}

bool Comments::may_show(std::uint32_t read, const Comment& comment) const {
    return comment.begun != none && operation(comment.begun).invoked < operation(read).completed;
}

/// What had been acknowledged before any of the ids it shows was begun must be there as well: all
/// of it had been before the one begun last was.
void Comments::check_missing(const Read& read) {
    Group& group = groups_[read.shown.key];
    std::set<ValueId> seen;
    for (const ValueId id : read.shown.elements) {
        if (may_show(read.operation, group.comments[id])) seen.insert(id);
    }
    if (seen.empty()) return;
    const auto begun = [&](ValueId id) { return operation(group.comments[id].begun).invoked; };
    const ValueId latest = *std::ranges::max_element(seen, {}, begun);
    const std::uint64_t until = begun(latest);
    const auto expected = [&](ValueId id) { return acknowledged_at(group.comments[id]) < until; };
    const auto end = std::ranges::partition_point(group.acknowledged, expected);
    if (std::ranges::count_if(seen, expected) == end - group.acknowledged.begin()) return;
    const auto missed = std::find_if(group.acknowledged.begin(), end,
                                     [&](ValueId id) { return !seen.contains(id); });
    report(read.operation, latest, *missed, group);
}

/// Each id that cannot be there is told once.
void Comments::check_shown(const Read& read) {
    Group& group = groups_[read.shown.key];
    std::set<ValueId> seen;
    const auto tell = [&](std::string_view name, ValueId id, std::string_view why) {
        const std::string words = findings_.words(read.operation) + " shows ";
        findings_.add(name, words + findings_.value_words(id) + std::string(why), {read.operation});
    };
    for (const ValueId id : read.shown.elements) {
        Comment& comment = group.comments[id];
        if (!seen.insert(id).second) tell("duplicate", id, " twice");
        if (comment.told || may_show(read.operation, comment)) continue;
        comment.told = true;
        const bool written = comment.begun != none;
        tell("unexpected", id,
             written ? ", which nobody had begun to write"
                     : ", which nobody wrote, or not successfully");
    }
}

void Comments::report(std::uint32_t read, ValueId shown, ValueId missed, const Group& group) {
    const std::uint32_t first = group.comments.at(missed).acknowledged;
    const std::uint32_t second = group.comments.at(shown).begun;
    const std::string sees = "shows " + findings_.value_words(shown);
    const std::string misses = "misses " + findings_.value_words(missed);
    std::vector<WitnessStep> steps;
    steps.push_back({first, second, "realtime",
                     "was acknowledged before " + findings_.words(second) + " was invoked"});
    steps.push_back({second, read, "wr", "was seen by " + findings_.words(read)});
    steps.push_back({read, first, "rw", misses + ", which " + findings_.words(first) + " wrote"});
    findings_.add("causal-reverse",
                  findings_.words(read) + " " + sees + " but " + misses + ", though " +
                      findings_.words(first) + " had been acknowledged before " +
                      findings_.words(second) + " was invoked",
                  {first, second, read}, std::move(steps));
}

}  // namespace

Result<Judgement> check_comments(const History& history) {
    return Comments(history).run();
}

}  // namespace geode::check
