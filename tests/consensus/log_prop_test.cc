// SPDX-License-Identifier: Apache-2.0
//
// Log and Writes against naive models: a plain list of terms, and a disk that replays its writes.
#include <rapidcheck/catch.h>

#include <algorithm>

#include "consensus/raft/log.h"
#include "consensus/raft/writes.h"

using namespace geode;
using namespace geode::raft;

namespace {

/// terms[i] is the term at index start + i; terms[0] belongs to the start itself.
struct Model {
    std::uint64_t start = 0;
    std::vector<std::uint64_t> terms{0};
    std::uint64_t last() const { return start + terms.size() - 1; }
};

void check_equal(const Log& log, const Model& model) {
    RC_ASSERT(log.start().index.value() == model.start);
    RC_ASSERT(log.start().term.value() == model.terms.front());
    RC_ASSERT(log.last_index().value() == model.last());
    RC_ASSERT(log.last_term().value() == model.terms.back());
    for (std::uint64_t index = 0; index <= model.last() + 2; ++index) {
        const std::optional<Term> term = log.term_at(LogIndex(index));
        const bool inside = index >= model.start && index <= model.last();
        RC_ASSERT(term.has_value() == inside);
        if (inside) RC_ASSERT(term->value() == model.terms[index - model.start]);
    }
}

void check_last_at_most(const Log& log, const Model& model) {
    for (std::uint64_t index = 0; index <= model.last() + 2; ++index) {
        for (std::uint64_t term = 0; term <= model.terms.back() + 1; ++term) {
            std::uint64_t expected = std::min(index, model.last());
            while (expected > model.start && model.terms[expected - model.start] > term) --expected;
            expected = std::max(expected, model.start);
            const SnapshotId found = log.last_at_most(LogIndex(index), Term(term));
            RC_ASSERT(found.index.value() == expected);
            RC_ASSERT(found.term.value() == model.terms[expected - model.start]);
        }
    }
}

void change(Log& log, Model& model) {
    const int choice = *rc::gen::inRange(0, 10);
    const std::uint64_t place = *rc::gen::inRange(model.start, model.last() + 1);
    const std::uint64_t offset = place - model.start;
    if (choice < 6) {
        model.terms.push_back(std::max<std::uint64_t>(1, model.terms.back()) +
                              *rc::gen::inRange<std::uint64_t>(0, 3));
        log.append({Term(model.terms.back()), LogIndex(model.last()), EntryType::noop, nullptr});
    } else if (choice < 8) {
        model.terms.resize(offset + 1);
        log.truncate_after(LogIndex(place));
    } else if (choice == 8) {
        log.compact({LogIndex(place), Term(model.terms[offset])});
        model.terms.erase(model.terms.begin(),
                          model.terms.begin() + static_cast<std::ptrdiff_t>(offset));
        model.start = place;
    } else {
        model = {model.last() + 3, {model.terms.back() + 1}};
        log.reset({LogIndex(model.start), Term(model.terms.front())});
    }
}

/// One write of a suffix: entries from `first` to `last`, all stamped with the write's sequence.
struct Write {
    WriteToken token;
    std::uint64_t first = 0;
    std::uint64_t last = 0;
};

void replay(std::vector<std::uint64_t>& disk, const Write& write) {
    disk.resize(write.first - 1);
    disk.resize(write.last, write.token.sequence);
}

}  // namespace

TEST_CASE("log: agrees with a plain list of terms", "[fast]") {
    rc::prop("after any changes", [] {
        Log log(SnapshotId{}, {});
        Model model;
        const int changes = *rc::gen::inRange(1, 30);
        for (int i = 0; i < changes; ++i) change(log, model);
        check_equal(log, model);
        check_last_at_most(log, model);
    });
}

TEST_CASE("writes: claim as durable only what is and stays on the disk", "[fast]") {
    rc::prop("for any overlap of overwrites and completions", [] {
        Writes writes{LogIndex(0)};
        std::vector<Write> pending;
        std::vector<std::uint64_t> memory;  // the write that put each entry there
        std::vector<std::uint64_t> disk;
        const int actions = *rc::gen::inRange(1, 40);
        for (int i = 0; i < actions; ++i) {
            if (pending.empty() || *rc::gen::inRange(0, 3) > 0) {
                const std::uint64_t first = *rc::gen::inRange<std::uint64_t>(1, memory.size() + 2);
                const std::uint64_t last = first + *rc::gen::inRange<std::uint64_t>(0, 3);
                if (first <= memory.size()) writes.overwritten_from(LogIndex(first));
                pending.push_back({writes.issue(Term(1), LogIndex(last)), first, last});
                replay(memory, pending.back());
            } else {
                const std::size_t count = *rc::gen::inRange<std::size_t>(1, pending.size() + 1);
                for (std::size_t k = 0; k < count; ++k) replay(disk, pending[k]);
                RC_ASSERT(writes.persisted(pending[count - 1].token));
                pending.erase(pending.begin(),
                              pending.begin() + static_cast<std::ptrdiff_t>(count));
            }
            // Whatever part of the pending writes a crash lets through, the claim holds.
            const std::uint64_t durable = writes.durable().value();
            std::vector<std::uint64_t> after = disk;
            for (std::size_t k = 0; k <= pending.size(); ++k) {
                if (k > 0) replay(after, pending[k - 1]);
                RC_ASSERT(durable <= after.size());
                RC_ASSERT(std::equal(after.begin(),
                                     after.begin() + static_cast<std::ptrdiff_t>(durable),
                                     memory.begin()));
            }
            if (pending.empty()) RC_ASSERT(durable == memory.size());
        }
    });
}
