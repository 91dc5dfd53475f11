// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>

#include "workloads/check/automaton.h"
#include "workloads/check/edn.h"
#include "workloads/check/judge/model_tables.h"
#include "workloads/check/judge/object_requests.h"
#include "workloads/check/totals.h"

namespace geode::check {
namespace {

constexpr std::array<std::string_view, 2> object_levels = {"linearizable", "sequential"};
constexpr std::array<std::string_view, 8> register_levels = {
    "linearizable",     "bounded-staleness=DURATION", "sequential",
    "causal",           "read-your-writes",           "monotonic-reads",
    "monotonic-writes", "writes-follow-reads"};
constexpr std::array<std::string_view, 3> counter_levels = {"linearizable", "sequential", "bounds"};
constexpr std::array<std::string_view, 3> set_levels = {"linearizable", "sequential", "final-read"};

/// {:x 0, :y 1}, or one value for all registers.
Result<RegisterValues> parse_register_values(const std::string& text) {
    RegisterValues out;
    const std::size_t begin = text.find_first_not_of(' ');
    if (begin == std::string::npos || text[begin] != '{') {
        out.others = literal_of(text);
        return out;
    }
    EdnReader reader(text, "--initial");
    EdnForm form;
    GEODE_TRY([[maybe_unused]] const bool found, reader.next(form));
    if (!form.unescaped.empty()) return reader.error_at(0, "texts without escapes");
    for (std::size_t key = 1; key < form.nodes[0].end;) {
        const std::size_t value = form.nodes[key].end;
        const EdnNode& held = form.nodes[value];
        // The values borrow from the request, which outlives the model.
        RegisterValues::Named named{.name = std::string(form.nodes[key].text), .value = {}};
        if (named.name.starts_with(':')) named.name.erase(0, 1);
        if (held.kind == EdnKind::integer) {
            named.value = {.kind = ValueKind::integer, .integer = held.integer};
        } else if (held.kind != EdnKind::nil) {
            named.value = {.kind = ValueKind::text, .text = held.text};
        }
        out.registers.push_back(std::move(named));
        key = held.end;
    }
    return out;
}

/// Knossos takes a read that answered nil for one whose answer was not recorded. In a history in
/// which no register can ever hold nil that is what it must be.
void forget_answers_of_nil(History& history) {
    const auto may_write_nil = [](const Operation& operation) {
        return operation.function != Function::read && operation.argument == nil_value;
    };
    if (std::ranges::any_of(history.operations, may_write_nil)) return;
    for (Operation& operation : history.operations) {
        if (operation.function != Function::read || operation.result != nil_value) continue;
        if (operation.completion != Completion::ok) continue;
        operation.completion = Completion::unknown;
        operation.completed = never_completed;
    }
}

Result<Judgement> judge_register(History& history, const JudgeRequest& request) {
    const Literal initial = request.initial ? literal_of(*request.initial) : Literal{};
    if (initial.kind != ValueKind::nil) forget_answers_of_nil(history);
    return judge_by_level(history, *make_register_model(initial), request);
}

/// The models that need nothing but the history.
template <std::unique_ptr<Model> (*make)()>
Result<Judgement> judge_as(History& history, const JudgeRequest& request) {
    return judge_by_level(history, *make(), request);
}

Result<Judgement> judge_counter(History& history, const JudgeRequest& request) {
    const Literal initial = literal_of(request.initial.value_or("0"));
    if (initial.kind != ValueKind::integer) {
        return make_error(ErrorCode::invalid_argument,
                          "a counter starts with an integer, not \"" + *request.initial + "\"");
    }
    if (request.consistency == "bounds") return check_counter_bounds(history, initial.integer);
    return judge_by_level(history, *make_counter_model(initial.integer), request);
}

Result<Judgement> judge_set(History& history, const JudgeRequest& request) {
    if (request.consistency == "final-read") return check_final_set(history);
    return judge_by_level(history, *make_set_model(), request);
}

Result<Judgement> judge_multi_register(History& history, const JudgeRequest& request) {
    RegisterValues initial;
    if (request.initial) {
        GEODE_TRY(initial, parse_register_values(*request.initial));
    }
    return judge_by_level(history, *make_multi_register_model(std::move(initial)), request);
}

Result<Judgement> judge_file(History& history, const JudgeRequest& request) {
    if (request.definition.empty()) {
        return make_error(
            ErrorCode::invalid_argument,
            "the model file needs its text: --model-file FILE (docs/formats/model.md)");
    }
    GEODE_TRY(const std::unique_ptr<Model> model, parse_automaton(request.definition, "model"));
    return judge_by_level(history, *model, request);
}

}  // namespace

std::span<const ModelSpec> object_models() {
    using enum HistoryKind;
    static constexpr std::string_view empty = "always starts empty";
    static constexpr std::array<ModelSpec, 11> models = {{
        {"register", "read, write, cas; one register per key", registers, register_levels,
         judge_register},
        {"kv", "get, put, append of texts; one text per key", texts, object_levels,
         judge_as<make_kv_model>, "always starts with empty texts"},
        {"mutex", "acquire, release; one mutex per key, free at first", objects, object_levels,
         judge_as<make_mutex_model>, "is always free at first"},
        {"multi-register", "txn of [read k nil] and [write k v] on several registers at once",
         objects, object_levels, judge_multi_register},
        {"counter", "add, subtract (increment, decrement) and read", objects, counter_levels,
         judge_counter},
        {"set", "add, remove, contains, read of the whole", objects, set_levels, judge_set, empty},
        {"list", "append, read of the whole", objects, object_levels, judge_as<make_list_model>,
         empty},
        {"queue", "enqueue, dequeue, drain; first in, first out", objects, object_levels,
         judge_as<make_queue_model>, empty},
        {"stack", "push, pop; last in, first out", objects, object_levels,
         judge_as<make_stack_model>, empty},
        {"priority-queue", "insert, extract-min; smallest out first", objects, object_levels,
         judge_as<make_priority_queue_model>, empty},
        {"file", "a model of your own, as a table of states and operations", custom, object_levels,
         judge_file, "starts in the state that its file names"},
    }};
    return models;
}

}  // namespace geode::check
