// SPDX-License-Identifier: Apache-2.0
#pragma once

// Result<T>: a value, or an Error saying why there is none.
//
// Names follow std::expected (C++23, P0323) so that migration stays mechanical; access is checked
// by GEODE_ASSERT. Geode code never throws: expected failures travel here, bugs abort.
//
//     Result<Config> parse(std::string_view text);
//     GEODE_TRY(const Config config, parse(text));   // returns the error to our caller
//     GEODE_TRY_VOID(file->sync());

#include <source_location>
#include <string>
#include <utility>
#include <variant>

#include "base/assert.h"
#include "base/error_codes.h"

namespace geode {

struct Error {
    ErrorCode code;
    std::string message;  ///< what failed and on what, for a person; no trailing period
    std::source_location where;

    /// "corrupt: record 7 of log/0001 has a bad checksum"
    std::string describe() const {
        std::string text(to_string(code));
        if (!message.empty()) text.append(": ").append(message);
        return text;
    }
};

[[nodiscard]] inline Error make_error(
    ErrorCode code, std::string message = {},
    std::source_location where = std::source_location::current()) {
    return Error{code, std::move(message), where};
}

template <class T>
class [[nodiscard]] Result {
public:
    using value_type = T;

    Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
    Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

    bool has_value() const noexcept { return state_.index() == 0; }
    explicit operator bool() const noexcept { return has_value(); }

    T& value() & {
        GEODE_ASSERT(has_value());
        return *std::get_if<0>(&state_);
    }
    const T& value() const& {
        GEODE_ASSERT(has_value());
        return *std::get_if<0>(&state_);
    }
    T&& value() && {
        GEODE_ASSERT(has_value());
        return std::move(*std::get_if<0>(&state_));
    }
    T& operator*() & { return value(); }
    const T& operator*() const& { return value(); }
    T&& operator*() && { return std::move(*this).value(); }
    T* operator->() { return &value(); }
    const T* operator->() const { return &value(); }

    const Error& error() const& {
        GEODE_ASSERT(!has_value());
        return *std::get_if<1>(&state_);
    }
    Error&& error() && {
        GEODE_ASSERT(!has_value());
        return std::move(*std::get_if<1>(&state_));
    }
    /// The error's code; asserts that there is one.
    ErrorCode code() const { return error().code; }

private:
    std::variant<T, Error> state_;
};

template <>
class [[nodiscard]] Result<void> {
public:
    using value_type = void;

    Result() = default;
    Result(Error error) : error_(std::in_place_index<1>, std::move(error)) {}

    bool has_value() const noexcept { return error_.index() == 0; }
    explicit operator bool() const noexcept { return has_value(); }
    void value() const { GEODE_ASSERT(has_value()); }

    const Error& error() const& {
        GEODE_ASSERT(!has_value());
        return *std::get_if<1>(&error_);
    }
    Error&& error() && {
        GEODE_ASSERT(!has_value());
        return std::move(*std::get_if<1>(&error_));
    }
    ErrorCode code() const { return error().code; }

private:
    std::variant<std::monostate, Error> error_;
};

}  // namespace geode

#define GEODE_CONCAT_INNER(a, b) a##b
#define GEODE_CONCAT(a, b) GEODE_CONCAT_INNER(a, b)
#define GEODE_TRY_INNER(temporary, declaration, expression) \
    auto temporary = (expression);                          \
    if (!temporary) return std::move(temporary).error();    \
    declaration = *std::move(temporary)

/// Declares `declaration` from the value of `expression`, or returns its error from this function.
#define GEODE_TRY(declaration, expression) \
    GEODE_TRY_INNER(GEODE_CONCAT(geode_try_, __COUNTER__), declaration, expression)

/// Returns the error of a Result<void> expression from this function.
#define GEODE_TRY_VOID(expression)                                     \
    do {                                                               \
        auto geode_try_void = (expression);                            \
        if (!geode_try_void) return std::move(geode_try_void).error(); \
    } while (false)
