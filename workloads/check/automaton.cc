// SPDX-License-Identifier: Apache-2.0
#include "workloads/check/automaton.h"

#include <algorithm>
#include <charconv>
#include <map>

namespace geode::check {
namespace {

/// A word of a rule: an integer, nil, or a text that a keyword of the same name equals too.
bool names(std::string_view word, ValueId id, const ValueTable& values) {
    switch (values.kind(id)) {
        case ValueKind::nil: return word == "nil";
        case ValueKind::integer: {
            std::int64_t number = 0;
            const char* const end = word.data() + word.size();
            const auto [stop, code] = std::from_chars(word.data(), end, number);
            return code == std::errc() && stop == end && number == values.integer_of(id);
        }
        case ValueKind::text: {
            const std::string_view text = values.text_of(id);
            return text == word || (text.starts_with(':') && text.substr(1) == word);
        }
        case ValueKind::list: return values.describe(id) == word;
    }
    GEODE_UNREACHABLE("ValueKind out of range");
}

enum class AnswerKind : std::uint8_t { any, word, state, argument };

struct Rule {
    std::optional<StateId> from;  // nothing: every state
    std::string operation;
    std::optional<std::string> argument;  // nothing: any
    AnswerKind answer_kind = AnswerKind::any;
    std::string answer;
    std::optional<StateId> to;  // nothing: the same
};

struct Automaton {
    std::string name = "file";
    std::vector<std::string> states;
    StateId initial = 0;
    std::vector<Rule> rules;
};

class AutomatonMachine final : public Machine {
public:
    AutomatonMachine(const Automaton& automaton, const ValueTable& values)
        : automaton_(automaton), values_(values) {}

    void observe(const Operation& /*operation*/) override {}
    StateId initial() override { return automaton_.initial; }
    StateId step(StateId state, const Operation& operation) override {
        GEODE_ASSERT(operation.completion != Completion::fail);
        return follow(state, operation);
    }
    bool pure(const Operation& operation) const override {
        return std::ranges::all_of(all_steps(operation), [](const auto& step) {
            return step.second == rejected || step.second == step.first;
        });
    }
    bool total(const Operation& operation) const override {
        return std::ranges::none_of(all_steps(operation),
                                    [](const auto& step) { return step.second == rejected; });
    }
    bool resets(const Operation& operation) const override {
        const auto steps = all_steps(operation);
        const StateId first = steps.front().second;
        return first != rejected && !pure(operation) &&
               std::ranges::all_of(steps, [first](const auto& s) { return s.second == first; });
    }
    bool may_lead_to(StateId /*state*/, const Operation& /*read*/) override { return true; }
    std::string describe(StateId state) const override { return automaton_.states[state]; }
    std::uint64_t memory_bytes() const override { return 0; }

private:
    StateId follow(StateId state, const Operation& operation) const {
        const std::string_view name = values_.text_of(operation.expected);
        for (const Rule& rule : automaton_.rules) {
            if (rule.from && *rule.from != state) continue;
            if (rule.operation != name) continue;
            if (rule.argument && !names(*rule.argument, operation.argument, values_)) continue;
            const bool ok = operation.completion == Completion::ok;
            if (ok && !answers_as(rule, state, operation)) return rejected;
            return rule.to.value_or(state);
        }
        return rejected;
    }
    bool answers_as(const Rule& rule, StateId state, const Operation& operation) const {
        switch (rule.answer_kind) {
            case AnswerKind::any: return true;
            case AnswerKind::word: return names(rule.answer, operation.result, values_);
            case AnswerKind::state:
                return names(automaton_.states[state], operation.result, values_);
            case AnswerKind::argument: return operation.result == operation.argument;
        }
        GEODE_UNREACHABLE("AnswerKind out of range");
    }
    std::vector<std::pair<StateId, StateId>> all_steps(const Operation& operation) const {
        std::vector<std::pair<StateId, StateId>> out;
        for (StateId state = 0; state < automaton_.states.size(); ++state) {
            out.emplace_back(state, follow(state, operation));
        }
        return out;
    }

    const Automaton& automaton_;
    const ValueTable& values_;
};

class AutomatonModel final : public Model {
public:
    explicit AutomatonModel(Automaton automaton) : automaton_(std::move(automaton)) {}
    std::string_view name() const override { return automaton_.name; }
    bool understands(const Operation& operation) const override {
        return operation.function == Function::custom;
    }
    bool splits_by_key() const override { return true; }
    std::unique_ptr<Machine> start(const ValueTable& values) const override {
        return std::make_unique<AutomatonMachine>(automaton_, values);
    }
    std::optional<std::string> objection(const Operation& operation,
                                         const ValueTable& values) const override {
        const std::string_view name = values.text_of(operation.expected);
        if (std::ranges::find(automaton_.rules, name, &Rule::operation) != automaton_.rules.end()) {
            return std::nullopt;
        }
        return "no rule names it";
    }

private:
    Automaton automaton_;
};

/// Splits a line into words at spaces; "a b" is one word. False for a quote that does not end.
bool split_words(std::string_view line, std::vector<std::string>& words) {
    words.clear();
    while (true) {
        const std::size_t begin = line.find_first_not_of(" \t\r");
        if (begin == std::string_view::npos || line[begin] == '#') return true;
        line.remove_prefix(begin);
        const bool quoted = line.front() == '"';
        std::size_t end = quoted ? line.find('"', 1) : line.find_first_of(" \t\r");
        if (quoted && end == std::string_view::npos) return false;
        end = std::min(end, line.size());
        words.emplace_back(line.substr(quoted ? 1 : 0, quoted ? end - 1 : end));
        line.remove_prefix(std::min(end + (quoted ? 1 : 0), line.size()));
    }
}

class AutomatonReader {
public:
    explicit AutomatonReader(std::string_view name) : name_(name) {}

    Result<std::unique_ptr<Model>> read(std::string_view text);

private:
    Result<void> read_line();
    Result<void> read_rule();
    Error expected(std::string_view what) const {
        return make_error(
            ErrorCode::invalid_argument,
            std::string(name_) + ":" + std::to_string(line_) + ": expected " + std::string(what));
    }
    StateId state_of(const std::string& word) {
        const auto made = static_cast<StateId>(automaton_.states.size());
        const auto [place, fresh] = states_.try_emplace(word, made);
        if (fresh) automaton_.states.push_back(word);
        return place->second;
    }

    std::string_view name_;
    std::size_t line_ = 0;
    std::vector<std::string> words_;
    Automaton automaton_;
    std::map<std::string, StateId> states_;
    bool has_initial_ = false;
};

Result<std::unique_ptr<Model>> AutomatonReader::read(std::string_view text) {
    while (!text.empty()) {
        ++line_;
        const std::size_t end = std::min(text.find('\n'), text.size());
        if (!split_words(text.substr(0, end), words_)) return expected("the quote to end");
        text.remove_prefix(std::min(end + 1, text.size()));
        if (!words_.empty()) GEODE_TRY_VOID(read_line());
    }
    if (!has_initial_) return expected("a line 'initial STATE' somewhere");
    if (automaton_.rules.empty()) return expected("a rule 'STATE OPERATION -> STATE' somewhere");
    return std::unique_ptr<Model>(std::make_unique<AutomatonModel>(std::move(automaton_)));
}

Result<void> AutomatonReader::read_line() {
    const bool setting = words_.size() == 2;
    if (setting && words_[0] == "model") {
        automaton_.name = words_[1];
        return {};
    }
    if (setting && words_[0] == "initial") {
        if (has_initial_) return expected("one initial state, not two");
        has_initial_ = true;
        automaton_.initial = state_of(words_[1]);
        return {};
    }
    return read_rule();
}

/// STATE OPERATION [ARGUMENT] [= ANSWER] -> STATE
Result<void> AutomatonReader::read_rule() {
    constexpr std::string_view shape = "'STATE OPERATION [ARGUMENT] [= ANSWER] -> STATE'";
    const auto arrow = std::ranges::find(words_, "->");
    if (words_.end() - arrow != 2) return expected(shape);
    const auto equals = std::find(words_.begin(), arrow, "=");
    const auto left = equals - words_.begin();
    const bool answered = equals != arrow;
    if (left < 2 || left > 3 || (answered && arrow - equals != 2)) return expected(shape);
    Rule rule;
    rule.operation = words_[1];
    if (rule.operation.starts_with(':')) rule.operation.erase(0, 1);
    if (words_[0] != "*") rule.from = state_of(words_[0]);
    if (left == 3 && words_[2] != "*") rule.argument = words_[2];
    if (answered) {
        rule.answer = *(equals + 1);
        rule.answer_kind = AnswerKind::word;
        if (rule.answer == "$state") rule.answer_kind = AnswerKind::state;
        if (rule.answer == "$argument") rule.answer_kind = AnswerKind::argument;
        if (rule.answer == "*") rule.answer_kind = AnswerKind::any;
    }
    if (*(arrow + 1) != "same") rule.to = state_of(*(arrow + 1));
    if (automaton_.states.size() > automaton_states_max) {
        return expected("at most " + std::to_string(automaton_states_max) + " states");
    }
    if (automaton_.rules.size() >= automaton_rules_max) {
        return expected("at most " + std::to_string(automaton_rules_max) + " rules");
    }
    automaton_.rules.push_back(std::move(rule));
    return {};
}

}  // namespace

Result<std::unique_ptr<Model>> parse_automaton(std::string_view text, std::string_view name) {
    return AutomatonReader(name).read(text);
}

}  // namespace geode::check
