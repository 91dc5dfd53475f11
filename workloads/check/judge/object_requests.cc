// SPDX-License-Identifier: Apache-2.0
#include "workloads/check/judge/object_requests.h"

#include <algorithm>
#include <charconv>

#include "base/time.h"
#include "workloads/check/causal.h"
#include "workloads/check/findings.h"
#include "workloads/check/linearizability.h"
#include "workloads/check/sequential.h"
#include "workloads/check/sessions.h"
#include "workloads/check/staleness.h"

namespace geode::check {
namespace {

constexpr Duration bound_max = seconds(1'000'000'000);

Judgement judgement_of(const History& history, const LinearizabilityResult& result) {
    Judgement judgement{.verdict = result.verdict,
                        .reason = {},
                        .anomalies = {},
                        .operations = {},
                        .ruled_out = {},
                        .also_ruled_out = {},
                        .steps = result.steps,
                        .bytes = result.bytes};
    if (result.verdict == Verdict::unknown) judgement.reason = result.explanation;
    if (result.verdict != Verdict::invalid) return judgement;
    std::vector<std::uint32_t> shown = result.blocked->concurrent;
    shown.push_back(result.blocked->operation);
    const std::vector<std::uint32_t>& prefix = result.blocked->prefix;
    if (!prefix.empty()) shown.push_back(prefix.back());
    std::ranges::sort(shown);
    shown.erase(std::ranges::unique(shown).begin(), shown.end());
    for (const std::uint32_t index : shown) {
        judgement.operations.push_back(witness_of(history, index));
    }
    judgement.anomalies.push_back(Anomaly{.name = "nonlinearizable",
                                          .words = result.explanation,
                                          .operations = {result.blocked->operation},
                                          .steps = {}});
    judgement.ruled_out = {"linearizable"};
    return judgement;
}

Result<Judgement> judge_linearizable(const History& history, const Model& model,
                                     const JudgeRequest& request) {
    const LinearizabilityOptions options{.steps_max = request.budget.steps_max,
                                         .bytes_max = request.budget.bytes_max,
                                         .fast_paths = FastPaths::use};
    GEODE_TRY(const LinearizabilityResult result, check_linearizability(history, model, options));
    return judgement_of(history, result);
}

/// "100ms": a whole number and one of ns, us, ms, s, min.
Result<Duration> parse_bound(std::string_view text) {
    struct Unit {
        std::string_view name;
        Duration length;
    };
    constexpr std::array<Unit, 5> units = {{{"ns", Duration(1)},
                                            {"us", microseconds(1)},
                                            {"ms", milliseconds(1)},
                                            {"s", seconds(1)},
                                            {"min", seconds(60)}}};
    std::int64_t count = 0;
    const char* const end = text.data() + text.size();
    const auto [stop, code] = std::from_chars(text.data(), end, count);
    const std::string_view word(stop, static_cast<std::size_t>(end - stop));
    const auto unit = std::ranges::find(units, word, &Unit::name);
    std::int64_t length = 0;
    const bool good = code == std::errc() && unit != units.end() && count >= 0 &&
                      !__builtin_mul_overflow(count, unit->length.count(), &length) &&
                      length <= bound_max.count();
    if (good) return Duration(length);
    return make_error(
        ErrorCode::invalid_argument,
        "expected a bound as 100ms (ns, us, ms, s, min), not \"" + std::string(text) + "\"");
}

Result<Judgement> judge_staleness(const History& history, const Model& model,
                                  const JudgeRequest& request) {
    const std::string_view level = request.consistency;
    GEODE_TRY(const Duration bound, parse_bound(level.substr(level.find('=') + 1)));
    GEODE_TRY(const History early, with_early_reads(history, bound));
    GEODE_TRY(Judgement judgement, judge_linearizable(early, model, request));
    if (judgement.verdict != Verdict::invalid) return judgement;
    judgement.ruled_out = {std::string(level)};
    judgement.also_ruled_out = {"linearizable"};
    judgement.anomalies[0].name = "stale-read";
    judgement.anomalies[0].words.insert(0, "even if reads may show what was there " +
                                               std::string(level.substr(level.find('=') + 1)) +
                                               " before: ");
    for (WitnessOperation& operation : judgement.operations) {
        operation.invoked = history.operations[operation.index].invoked;
        operation.completed = history.operations[operation.index].completed;
    }
    return judgement;
}

}  // namespace

Result<Judgement> judge_by_level(const History& history, const Model& model,
                                 const JudgeRequest& request) {
    if (request.consistency == "linearizable") return judge_linearizable(history, model, request);
    if (request.consistency == "sequential") {
        return check_sequential(history, model, request.budget);
    }
    if (request.consistency.starts_with("bounded-staleness=")) {
        return judge_staleness(history, model, request);
    }
    const ValueId initial = *model.register_initial(history.values);
    if (request.consistency == "causal") return check_causal(history, initial, request.budget);
    for (const SessionGuarantee guarantee :
         {SessionGuarantee::read_your_writes, SessionGuarantee::monotonic_reads,
          SessionGuarantee::monotonic_writes, SessionGuarantee::writes_follow_reads}) {
        if (request.consistency == to_string(guarantee)) {
            return check_session(history, initial, guarantee);
        }
    }
    GEODE_UNREACHABLE("judge() has looked the level up");
}

}  // namespace geode::check
