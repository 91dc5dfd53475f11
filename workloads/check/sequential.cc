// SPDX-License-Identifier: Apache-2.0
#include "workloads/check/sequential.h"

#include <algorithm>
#include <memory>

#include "base/hash_map.h"
#include "workloads/check/causal.h"
#include "workloads/check/config_cache.h"
#include "workloads/check/findings.h"
#include "workloads/check/sequence_states.h"

namespace geode::check {
namespace {

constexpr std::uint64_t lookup_salt = 0x7371;  // lookups only, never iterated
constexpr std::uint64_t linearizability_steps_max = 200'000;
constexpr std::size_t described_operations_max = 12;

/// Something of unknown outcome, and what has to come before it.
struct Optional {
    std::uint32_t operation = 0;
    std::uint32_t process = 0;  // number
    std::uint32_t after = 0;    // operations of that process
};

class SequentialSearch {
public:
    SequentialSearch(const History& history, const Model& model, const Budget& budget);

    Verdict run();
    std::uint64_t steps() const { return steps_; }
    std::uint64_t bytes() const;
    std::string limit() const { return limit_; }
    /// Of the furthest configuration: how many operations were placed, and what could not follow.
    std::uint64_t placed() const { return furthest_; }
    const std::vector<std::uint32_t>& blocked() const { return blocked_; }

private:
    // A configuration is: crashed set, state of each object, place in each process.
    using Config = std::vector<std::uint32_t>;
    struct Frame {
        std::uint32_t config;
        std::size_t candidates_begin;
    };
    /// A move is an operation of a process (its number) or an optional one, from processes_ on.
    using Move = std::uint32_t;

    void gather();
    void take_pure();
    bool finished() const;
    bool enter();
    bool choose();
    bool play(Move move);
    bool step(std::uint32_t operation);
    std::uint32_t head(std::uint32_t process) const;
    std::uint32_t& place(std::uint32_t process) { return config_[1 + objects_.size() + process]; }
    std::uint32_t place(std::uint32_t process) const {
        return config_[1 + objects_.size() + process];
    }
    void note_furthest();

    const History& history_;
    const Model& model_;
    const Budget& budget_;
    std::vector<std::unique_ptr<Machine>> objects_;
    std::vector<std::uint32_t> object_of_;               // by operation
    std::vector<std::vector<std::uint32_t>> processes_;  // operations in order
    std::vector<Optional> optionals_;
    std::vector<bool> pure_;  // by operation
    std::uint64_t total_ = 0;

    Config config_;
    CrashedSets crashed_;
    SequenceStates seen_;
    std::uint32_t seen_count_ = 1;  // the empty sequence is no configuration
    std::vector<Frame> frames_;
    std::vector<Move> candidates_;
    std::uint64_t steps_ = 0;
    std::string limit_;
    std::uint64_t furthest_ = 0;
    std::vector<std::uint32_t> blocked_;
};

SequentialSearch::SequentialSearch(const History& history, const Model& model, const Budget& budget)
    : history_(history), model_(model), budget_(budget) {
    gather();
    config_.assign(1 + objects_.size() + processes_.size(), 0);
    for (std::size_t object = 0; object < objects_.size(); ++object) {
        config_[1 + object] = objects_[object]->initial();
    }
}

void SequentialSearch::gather() {
    HashMap<std::uint32_t, std::uint32_t> object_of_key(lookup_salt);
    HashMap<std::int64_t, std::uint32_t> number_of(lookup_salt);
    const std::unique_ptr<Machine> judge_of_purity = model_.start(history_.values);
    for (std::uint32_t index = 0; index < history_.operations.size(); ++index) {
        const Operation& operation = history_.operations[index];
        object_of_.push_back(0);
        pure_.push_back(judge_of_purity->pure(operation));
        const bool unknown = operation.completion == Completion::unknown;
        if (operation.completion == Completion::fail || (unknown && pure_[index])) continue;
        const ValueId key = model_.splits_by_key() ? operation.key : nil_value;
        const auto made = static_cast<std::uint32_t>(objects_.size());
        const auto [object, fresh] = object_of_key.try_emplace(key.value(), made);
        if (fresh) objects_.push_back(model_.start(history_.values));
        object_of_[index] = object->second;
        objects_[object->second]->observe(operation);
        const auto next = static_cast<std::uint32_t>(processes_.size());
        const auto [process, new_process] = number_of.try_emplace(operation.process, next);
        if (new_process) processes_.emplace_back();
        std::vector<std::uint32_t>& own = processes_[process->second];
        if (unknown) {
            optionals_.push_back(
                Optional{index, process->second, static_cast<std::uint32_t>(own.size())});
        } else {
            own.push_back(index);
            ++total_;
        }
    }
}

std::uint32_t SequentialSearch::head(std::uint32_t process) const {
    const std::vector<std::uint32_t>& own = processes_[process];
    return place(process) < own.size() ? own[place(process)] : UINT32_MAX;
}

bool SequentialSearch::step(std::uint32_t operation) {
    const std::uint32_t object = object_of_[operation];
    const StateId next =
        objects_[object]->step(config_[1 + object], history_.operations[operation]);
    if (next == rejected) return false;
    config_[1 + object] = next;
    return true;
}

/// Takes every operation that changes nothing, as long as one fits.
void SequentialSearch::take_pure() {
    for (bool again = true; again;) {
        again = false;
        for (std::uint32_t process = 0; process < processes_.size(); ++process) {
            while (head(process) != UINT32_MAX && pure_[head(process)] && step(head(process))) {
                ++place(process);
                again = true;
            }
        }
    }
}

bool SequentialSearch::finished() const {
    for (std::uint32_t process = 0; process < processes_.size(); ++process) {
        if (head(process) != UINT32_MAX) return false;
    }
    return true;
}

Verdict SequentialSearch::run() {
    while (true) {
        take_pure();
        if (finished()) return Verdict::valid;
        note_furthest();
        enter();
        if (!choose()) return limit_.empty() ? Verdict::invalid : Verdict::unknown;
    }
}

void SequentialSearch::note_furthest() {
    std::uint64_t placed = 0;
    for (std::uint32_t process = 0; process < processes_.size(); ++process) {
        placed += place(process);
    }
    if (placed < furthest_ || (placed == furthest_ && !blocked_.empty())) return;
    furthest_ = placed;
    blocked_.clear();
    for (std::uint32_t process = 0; process < processes_.size(); ++process) {
        if (head(process) != UINT32_MAX) blocked_.push_back(head(process));
    }
}

/// Makes a frame of the present configuration, unless it was there before. Candidates are tried
/// from the back: what was asked first comes first, what may never have happened last.
bool SequentialSearch::enter() {
    const std::uint32_t config = seen_.intern(config_);
    if (config < seen_count_) return false;
    seen_count_ = config + 1;
    frames_.push_back(Frame{config, candidates_.size()});
    const auto used = crashed_.members(config_[0]);
    for (std::uint32_t index = 0; index < optionals_.size(); ++index) {
        const Optional& optional = optionals_[index];
        if (place(optional.process) < optional.after) continue;
        if (std::ranges::binary_search(used, index)) continue;
        candidates_.push_back(static_cast<Move>(processes_.size()) + index);
    }
    const std::size_t begin = candidates_.size();
    for (std::uint32_t process = 0; process < processes_.size(); ++process) {
        if (head(process) != UINT32_MAX && !pure_[head(process)]) candidates_.push_back(process);
    }
    std::sort(candidates_.begin() + static_cast<std::ptrdiff_t>(begin), candidates_.end(),
              [this](Move a, Move b) { return head(a) > head(b); });
    return true;
}

bool SequentialSearch::choose() {
    while (!frames_.empty()) {
        const Frame frame = frames_.back();
        if (candidates_.size() == frame.candidates_begin) {
            frames_.pop_back();
            continue;
        }
        if (++steps_ > budget_.steps_max) {
            limit_ = "the limit of " + std::to_string(budget_.steps_max) + " steps";
            return false;
        }
        if (bytes() > budget_.bytes_max / 2) {
            limit_ = "the limit of " + std::to_string(budget_.bytes_max) + " bytes of memory";
            return false;
        }
        const Move move = candidates_.back();
        candidates_.pop_back();
        const auto config = seen_.items(frame.config);
        config_.assign(config.begin(), config.end());
        if (play(move)) return true;
    }
    return false;
}

bool SequentialSearch::play(Move move) {
    if (move < processes_.size()) {
        if (!step(head(move))) return false;
        ++place(move);
        return true;
    }
    const auto index = move - static_cast<Move>(processes_.size());
    const std::uint32_t operation = optionals_[index].operation;
    const StateId before = config_[1 + object_of_[operation]];
    if (!step(operation) || config_[1 + object_of_[operation]] == before) return false;
    config_[0] = crashed_.with(config_[0], index);
    return true;
}

std::uint64_t SequentialSearch::bytes() const {
    std::uint64_t sum = seen_.memory_bytes() + crashed_.memory_bytes() +
                        frames_.capacity() * sizeof(Frame) + candidates_.capacity() * sizeof(Move);
    for (const auto& object : objects_) sum += object->memory_bytes();
    return sum;
}

/// Whether it is linearizable, if that is found out with little work.
bool surely_linearizable(const History& history, const Model& model, const Budget& budget) {
    const LinearizabilityOptions options{
        .steps_max = std::min(budget.steps_max, linearizability_steps_max),
        .bytes_max = budget.bytes_max,
        .fast_paths = FastPaths::use};
    const auto result = check_linearizability(history, model, options);
    return result && result->verdict == Verdict::valid;
}

/// The causal anomaly that rules it out, if the model is a register and there is one.
std::optional<Judgement> causal_anomaly(const History& history, const Model& model,
                                        const Budget& budget) {
    const auto initial = model.register_initial(history.values);
    const bool registers = std::ranges::all_of(history.operations, [](const Operation& operation) {
        return operation.function == Function::read || operation.function == Function::write;
    });
    if (!initial || !registers) return std::nullopt;
    auto judged = check_causal(history, *initial, budget);
    if (!judged || judged->verdict != Verdict::invalid) return std::nullopt;
    judged->ruled_out = {"causal"};
    judged->also_ruled_out = {"sequential", "linearizable"};
    return std::move(*judged);
}

}  // namespace

Result<Judgement> check_sequential(const History& history, const Model& model,
                                   const Budget& budget) {
    GEODE_TRY_VOID(check_understood(history, model));
    if (surely_linearizable(history, model, budget)) return Judgement{};
    if (auto judged = causal_anomaly(history, model, budget)) return std::move(*judged);
    SequentialSearch search(history, model, budget);
    const Verdict verdict = search.run();
    Findings findings(history);
    if (verdict == Verdict::invalid) {
        std::string words =
            "no order of all operations keeps the order of every process; at most " +
            std::to_string(search.placed()) + " can be placed, then none of ";
        std::vector<std::uint32_t> shown = search.blocked();
        std::ranges::sort(shown);
        for (std::size_t at = 0; at < shown.size() && at < described_operations_max; ++at) {
            words.append(at == 0 ? "" : ", ").append(findings.words(shown[at]));
        }
        words.append(shown.size() > described_operations_max ? " and others" : "");
        findings.add("nonsequential", words + " can follow", std::move(shown));
    }
    Judgement judgement =
        verdict == Verdict::unknown
            ? std::move(findings).undecided("sequential", "the search reached " + search.limit())
            : std::move(findings).judgement("sequential");
    if (judgement.verdict == Verdict::invalid) judgement.also_ruled_out = {"linearizable"};
    judgement.steps = search.steps();
    judgement.bytes = search.bytes();
    return judgement;
}

}  // namespace geode::check
