// Result<T>: a value or an Error. Own class because the compiler must insist that it is looked at.
#pragma once

#include <utility>
#include <variant>

#include "delta/error.hpp"

namespace delta {

template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

  explicit operator bool() const { return state_.index() == 0; }

  T& value() & {
    DELTA_CHECK(*this);
    return std::get<0>(state_);
  }
  const T& value() const& {
    DELTA_CHECK(*this);
    return std::get<0>(state_);
  }
  T&& value() && {
    DELTA_CHECK(*this);
    return std::get<0>(std::move(state_));
  }

  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  Error& error() & {
    DELTA_CHECK(!*this);
    return std::get<1>(state_);
  }
  const Error& error() const& {
    DELTA_CHECK(!*this);
    return std::get<1>(state_);
  }
  Error&& error() && {
    DELTA_CHECK(!*this);
    return std::get<1>(std::move(state_));
  }

 private:
  std::variant<T, Error> state_;
};

/// Success, or an Error: `return {};` is success.
template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : error_(std::move(error)) {}

  explicit operator bool() const { return !error_; }
  Error& error() & {
    DELTA_CHECK(error_);
    return *error_;
  }
  const Error& error() const& {
    DELTA_CHECK(error_);
    return *error_;
  }
  Error&& error() && {
    DELTA_CHECK(error_);
    return *std::move(error_);
  }

 private:
  std::optional<Error> error_;
};

using Status = Result<void>;

}  // namespace delta

#define DELTA_CONCAT2(a, b) a##b
#define DELTA_CONCAT(a, b) DELTA_CONCAT2(a, b)

/// DELTA_TRY(auto x, f()) declares x from the value of f(), or returns f()'s error.
#define DELTA_TRY(declaration, expression) DELTA_TRY_AS(DELTA_CONCAT(delta_try_, __LINE__), declaration, expression)
#define DELTA_TRY_AS(name, declaration, expression) \
  auto name = (expression);                         \
  if (!name) return std::move(name).error();        \
  declaration = std::move(name).value()

/// DELTA_OK(f()) returns f()'s error if there is one.
#define DELTA_OK(expression) DELTA_OK_AS(DELTA_CONCAT(delta_ok_, __LINE__), expression)
#define DELTA_OK_AS(name, expression)                                    \
  do {                                                                   \
    if (auto name = (expression); !name) return std::move(name).error(); \
  } while (false)
