// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "workloads/check/total_parts.h"
#include "workloads/check/totals.h"

namespace geode::check {
namespace {

constexpr std::uint32_t none = UINT32_MAX;

/// What is known of one element.
struct Element {
    std::uint32_t addition = none;          // one that succeeded, or may have
    std::uint64_t begun = never_completed;  // when the first of them was invoked
    std::uint64_t known = never_completed;  // when its presence was first proven
    std::uint32_t known_by = none;
    std::uint32_t last_present = none;  // the read invoked last that shows it
    std::uint32_t last_absent = none;   // the read invoked last, after it was known, that misses it
    bool told = false;                  // that it was shown when it could not be there
};

class SetTotals {
public:
    explicit SetTotals(const History& history)
        : history_(history), findings_(history), elements_(history.values.count()) {}

    Result<Judgement> final_read();
    Result<Judgement> all_reads(Staleness staleness);

private:
    Result<void> gather();
    Result<void> check_read(std::uint32_t index);
    void look_for_absent();
    void judge(ValueId id, Staleness staleness);

    const Operation& operation(std::uint32_t index) const { return history_.operations[index]; }
    bool added(const Element& element) const { return element.addition != none; }

    const History& history_;
    Findings findings_;
    std::vector<Element> elements_;     // by value id
    std::vector<std::uint32_t> reads_;  // in the order of their invocations
};

Result<void> SetTotals::gather() {
    GEODE_TRY_VOID(check_functions(history_, {Function::add, Function::read}));
    for (std::uint32_t index = 0; index < history_.operations.size(); ++index) {
        const Operation& one = operation(index);
        if (is_ok_read(one)) reads_.push_back(index);
        if (one.function == Function::read || one.completion == Completion::fail) continue;
        Element& element = elements_[one.argument.value()];
        element.begun = std::min(element.begun, one.invoked);
        const bool ok = one.completion == Completion::ok;
        if (element.addition == none || ok) element.addition = index;
        if (ok && one.completed < element.known) {
            element.known = one.completed;
            element.known_by = index;
        }
    }
    return {};
}

/// Notes what the read shows, and reports what should not be there.
Result<void> SetTotals::check_read(std::uint32_t index) {
    const ValueTable& values = history_.values;
    const Operation& read = operation(index);
    if (read.result == nil_value) return {};
    if (values.kind(read.result) != ValueKind::list) {
        return objection(history_, read, "a read of a set");
    }
    for (const ValueId id : values.list_of(read.result)) {
        Element& element = elements_[id.value()];
        if (element.last_present == index) {
            findings_.add("duplicate",
                          findings_.words(index) + " shows " + values.describe(id) + " twice",
                          {index});
        }
        if (element.begun > read.completed && !element.told) {
            element.told = true;
            findings_.add("unexpected",
                          findings_.words(index) + " shows " + values.describe(id) +
                              (added(element) ? ", which nobody had begun to add"
                                              : ", which nobody added, or not successfully"),
                          {index});
        }
        element.last_present = index;
        if (read.completed < element.known) {
            element.known = read.completed;
            element.known_by = index;
        }
    }
    return {};
}

Result<Judgement> SetTotals::final_read() {
    GEODE_TRY_VOID(gather());
    if (reads_.empty()) {
        return std::move(findings_).undecided("final-read", "the set was never read");
    }
    const std::uint32_t last = *std::ranges::max_element(
        reads_, {}, [this](std::uint32_t index) { return operation(index).completed; });
    if (operation(last).result == nil_value) {
        return std::move(findings_).undecided("final-read", "the last read answered no set");
    }
    GEODE_TRY_VOID(check_read(last));
    for (std::uint32_t id = 0; id < elements_.size(); ++id) {
        const Element& element = elements_[id];
        // Known before the only read that was looked at: by an acknowledgement.
        const bool before = element.known < operation(last).invoked;
        if (!before || element.last_present == last) continue;
        findings_.add("lost",
                      "the last read, " + findings_.words(last) + ", misses what " +
                          findings_.words(element.addition) + " was acknowledged to add",
                      {element.addition, last});
    }
    return std::move(findings_).judgement("final-read");
}

/// Of every element the last read that misses it, among those invoked after it was known. A read
/// shows what it shows; going back from the last, each element is missed first by the last read
/// that does not show it, and most elements are shown by the last read.
void SetTotals::look_for_absent() {
    std::vector<std::uint32_t> shown_by(elements_.size(), none);
    std::vector<std::uint32_t> left;  // elements that every read so far has shown
    for (std::uint32_t id = 0; id < elements_.size(); ++id) {
        if (elements_[id].known != never_completed) left.push_back(id);
    }
    for (std::size_t at = reads_.size(); at-- > 0 && !left.empty();) {
        const Operation& read = operation(reads_[at]);
        if (read.result != nil_value) {
            for (const ValueId id : history_.values.list_of(read.result)) {
                shown_by[id.value()] = reads_[at];
            }
        }
        std::erase_if(left, [&](std::uint32_t id) {
            Element& element = elements_[id];
            if (read.invoked < element.known) return true;  // as all earlier reads are
            if (shown_by[id] == reads_[at]) return false;
            element.last_absent = reads_[at];
            return true;
        });
    }
}

Result<Judgement> SetTotals::all_reads(Staleness staleness) {
    const std::string_view level = staleness == Staleness::anomaly ? "fresh" : "eventual";
    GEODE_TRY_VOID(gather());
    for (const std::uint32_t index : reads_) GEODE_TRY_VOID(check_read(index));
    look_for_absent();
    bool stable = false;
    bool elements = false;
    for (std::uint32_t id = 0; id < elements_.size(); ++id) {
        const Element& element = elements_[id];
        elements = elements || added(element);
        judge(ValueId(id), staleness);
        const bool shown_last =
            element.last_present != none &&
            (element.last_absent == none || element.last_absent < element.last_present);
        stable = stable || shown_last;
    }
    if (elements && !stable) {
        return std::move(findings_).undecided(level, "no element was seen in the end");
    }
    return std::move(findings_).judgement(level);
}

void SetTotals::judge(ValueId id, Staleness staleness) {
    const Element& element = elements_[id.value()];
    if (element.last_absent == none || !added(element)) return;
    const bool shown_later =
        element.last_present != none && element.last_present > element.last_absent;
    const std::string missed = findings_.words(element.last_absent) + " misses " +
                               history_.values.describe(id) + ", known since " +
                               findings_.words(element.known_by);
    std::vector<std::uint32_t> operations{element.known_by, element.last_absent};
    if (!shown_later) {
        findings_.add("lost", missed + ", and no later read shows it", std::move(operations));
    } else if (staleness == Staleness::anomaly) {
        operations.push_back(element.last_present);
        findings_.add("stale", missed + "; " + findings_.words(element.last_present) + " shows it",
                      std::move(operations));
    }
}

}  // namespace

Result<Judgement> check_final_set(const History& history) {
    return SetTotals(history).final_read();
}

Result<Judgement> check_full_set(const History& history, Staleness staleness) {
    return SetTotals(history).all_reads(staleness);
}

}  // namespace geode::check
