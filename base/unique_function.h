// SPDX-License-Identifier: Apache-2.0
#pragma once

// Owned and borrowed callables: std::move_only_function and std::function_ref are C++23 and C++26.

#include <memory>
#include <type_traits>
#include <utility>

#include "base/assert.h"

namespace geode {

template <class Signature>
class UniqueFunction;

/// Owns a move-only callable. Empty after a move or by default; calling an empty one asserts.
template <class R, class... Args>
class UniqueFunction<R(Args...)> {
public:
    UniqueFunction() = default;

    template <class F>
        requires(!std::is_same_v<std::decay_t<F>, UniqueFunction> &&
                 std::is_invocable_r_v<R, F&, Args...>)
    UniqueFunction(F&& function)
        : callable_(std::make_unique<Holder<std::decay_t<F>>>(std::forward<F>(function))) {}

    R operator()(Args... args) {
        GEODE_ASSERT(callable_ != nullptr);
        return callable_->call(std::forward<Args>(args)...);
    }
    explicit operator bool() const noexcept { return callable_ != nullptr; }

private:
    struct Callable {
        virtual ~Callable() = default;
        virtual R call(Args... args) = 0;
    };
    template <class F>
    struct Holder final : Callable {
        explicit Holder(F&& function) : function_(std::move(function)) {}
        explicit Holder(const F& function) : function_(function) {}
        R call(Args... args) override { return function_(std::forward<Args>(args)...); }
        F function_;
    };

    std::unique_ptr<Callable> callable_;
};

template <class Signature>
class FunctionRef;

/// Borrows a callable for the length of one call.
template <class R, class... Args>
class FunctionRef<R(Args...)> {
public:
    template <class F>
        requires(!std::is_same_v<std::decay_t<F>, FunctionRef> &&
                 std::is_invocable_r_v<R, F&, Args...>)
    FunctionRef(F&& function)
        : object_(const_cast<void*>(static_cast<const void*>(std::addressof(function)))),
          call_([](void* object, Args... args) -> R {
              return (*static_cast<std::remove_reference_t<F>*>(object))(
                  std::forward<Args>(args)...);
          }) {}

    R operator()(Args... args) const { return call_(object_, std::forward<Args>(args)...); }

private:
    void* object_;
    R (*call_)(void*, Args...);
};

}  // namespace geode
