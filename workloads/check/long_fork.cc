// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <map>

#include "workloads/check/total_parts.h"
#include "workloads/check/totals.h"

namespace geode::check {
namespace {

/// Which of the keys a read has seen written.
struct ForkRead {
    std::uint32_t operation = 0;
    std::vector<ValueId> keys;  // sorted
    std::vector<ValueId> seen;  // sorted, those with a value
};

struct ForkPart {
    ValueId key;
    ValueId value;
};

struct ForkWrite {
    std::uint32_t operation = 0;
    ValueId value;
};

class LongFork {
public:
    explicit LongFork(const History& history) : history_(history), findings_(history) {}

    Result<Judgement> run();

private:
    Result<std::vector<ForkPart>> parse(std::uint32_t index, ValueId list) const;
    Result<void> note_write(std::uint32_t index);
    Result<void> note_read(std::uint32_t index);
    void check_written(std::uint32_t index, const ForkPart& part);
    void compare(std::vector<ForkRead>& reads);

    const History& history_;
    Findings findings_;
    std::map<std::vector<ValueId>, std::vector<ForkRead>> groups_;  // by their keys
    std::map<ValueId, ForkWrite> writes_;                           // of those that did not fail
    bool recorded_ = false;                                         // there are writes
    std::string twice_;
};

Result<std::vector<ForkPart>> LongFork::parse(std::uint32_t index, ValueId list) const {
    const Operation& operation = history_.operations[index];
    const ValueTable& values = history_.values;
    const std::string_view wanted = "a list of [r key value] or [w key value]";
    if (values.kind(list) != ValueKind::list) return objection(history_, operation, wanted);
    std::vector<ForkPart> out;
    for (const ValueId element : values.list_of(list)) {
        const bool triple =
            values.kind(element) == ValueKind::list && values.list_of(element).size() == 3;
        if (!triple) return objection(history_, operation, wanted);
        const auto parts = values.list_of(element);
        out.push_back({parts[1], parts[2]});
    }
    std::ranges::sort(out, {}, &ForkPart::key);
    if (std::ranges::adjacent_find(out, {}, &ForkPart::key) == out.end()) return out;
    return objection(history_, operation, "each key once");
}

Result<void> LongFork::note_write(std::uint32_t index) {
    const Operation& write = history_.operations[index];
    recorded_ = true;
    if (write.completion == Completion::fail) return {};
    GEODE_TRY(const auto parts, parse(index, write.argument));
    for (const ForkPart& part : parts) {
        const auto [first, fresh] = writes_.try_emplace(part.key, ForkWrite{index, part.value});
        if (fresh || !twice_.empty()) continue;
        twice_ = "key " + findings_.value_words(part.key) + " is written twice, by " +
                 findings_.words(first->second.operation) + " and " + findings_.words(index) +
                 ", so that reads do not tell an order";
    }
    return {};
}

Result<void> LongFork::note_read(std::uint32_t index) {
    GEODE_TRY(const auto parts, parse(index, history_.operations[index].result));
    ForkRead read{.operation = index, .keys = {}, .seen = {}};
    for (const ForkPart& part : parts) {
        read.keys.push_back(part.key);
        if (part.value == nil_value) continue;
        read.seen.push_back(part.key);
        if (recorded_ && twice_.empty()) check_written(index, part);
    }
    groups_[read.keys].push_back(std::move(read));
    return {};
}

void LongFork::check_written(std::uint32_t index, const ForkPart& part) {
    const auto found = writes_.find(part.key);
    if (found != writes_.end()) {
        const Operation& write = history_.operations[found->second.operation];
        const bool begun = write.invoked < history_.operations[index].completed;
        if (begun && found->second.value == part.value) return;
    }
    findings_.add("unexpected",
                  findings_.words(index) + " shows key " + findings_.value_words(part.key) + " = " +
                      findings_.value_words(part.value) +
                      ", which nobody had begun to write, or not successfully",
                  {index});
}

Result<Judgement> LongFork::run() {
    GEODE_TRY_VOID(check_functions(history_, {Function::read, Function::write}));
    for (std::uint32_t index = 0; index < history_.operations.size(); ++index) {
        const bool writes = history_.operations[index].function == Function::write;
        if (writes) GEODE_TRY_VOID(note_write(index));
    }
    for (std::uint32_t index = 0; index < history_.operations.size(); ++index) {
        if (is_ok_read(history_.operations[index])) GEODE_TRY_VOID(note_read(index));
    }
    constexpr std::string_view level = "parallel-snapshot-isolation";
    if (!twice_.empty()) return std::move(findings_).undecided(level, std::move(twice_));
    for (auto& [keys, reads] : groups_) compare(reads);
    return std::move(findings_).judgement(level);
}

/// Sets are ordered by inclusion exactly when, by size, each includes the one before.
void LongFork::compare(std::vector<ForkRead>& reads) {
    std::ranges::stable_sort(reads, {}, [](const ForkRead& read) { return read.seen.size(); });
    for (std::size_t index = 1; index < reads.size(); ++index) {
        const ForkRead& less = reads[index - 1];
        const ForkRead& more = reads[index];
        std::vector<ValueId> missing;
        std::ranges::set_difference(less.seen, more.seen, std::back_inserter(missing));
        if (missing.empty()) continue;
        std::vector<ValueId> extra;
        std::ranges::set_difference(more.seen, less.seen, std::back_inserter(extra));
        findings_.add("long-fork",
                      findings_.words(less.operation) + " has seen key " +
                          findings_.value_words(missing.front()) + " written but not key " +
                          findings_.value_words(extra.front()) + ", " +
                          findings_.words(more.operation) + " the other way round",
                      {less.operation, more.operation});
    }
}

}  // namespace

Result<Judgement> check_long_fork(const History& history) {
    return LongFork(history).run();
}

}  // namespace geode::check
