// Every exported function, called while memory runs out. EXPORTED("Class::function") { ... } registers one: the body
// prepares what the call needs, with memory, and ends with CALL(expression), which makes the call without. What the
// compiler knows of the expression says which of three kinds the function is of:
//
//   it is noexcept               then it needs no memory, or does without;
//   it returns a Result          then the error has the code `no_memory`, and no exception leaves it;
//   neither                      then THROWS("name", reason) says why, and nothing but std::bad_alloc leaves it.
//
// exports.py compares the names with the symbols of the shared object.
#pragma once

#include <cstdint>
#include <new>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "delta/result.hpp"

namespace exports {

/// From here on the n-th allocation fails, and with `rest` all that follow it. n = 0: none.
void fail_at(std::uint64_t n, bool rest);
/// Ends that. Whether any failed.
bool stop_failing();

enum class Kind { never_throws, gives_result, throws };

template <class T>
struct IsResult : std::false_type {};
template <class T>
struct IsResult<delta::Result<T>> : std::true_type {};

/// One call of a function, and what came of it.
class Trial {
 public:
  Trial(std::uint64_t n, bool rest) : n_(n), rest_(rest) {}

  template <bool never_throws, class Function>
  void call(const Function& function) {
    using Value = std::invoke_result_t<Function>;
    constexpr bool is_result = IsResult<std::remove_cvref_t<Value>>::value;
    kind = never_throws ? Kind::never_throws : is_result ? Kind::gives_result : Kind::throws;
    fail_at(n_, rest_);
    try {
      if constexpr (is_result) {
        auto result = function();
        failed = stop_failing();
        ok = static_cast<bool>(result);
        if (!ok) no_memory = result.error().code == delta::ErrorCode::no_memory;
        if (!ok && !failed) message = result.error().text();
      } else {
        static_cast<void>(function());
        failed = stop_failing();
        ok = true;
      }
    } catch (const std::bad_alloc&) {
      failed = stop_failing();
      threw = true;
    }
  }

  Kind kind = Kind::throws;
  bool failed = false;     // an allocation
  bool ok = false;         // it returned a value
  bool no_memory = false;  // an error of this code
  bool threw = false;
  std::string message;  // of an error that is not for lack of memory

 private:
  std::uint64_t n_;
  bool rest_;
};

/// `reason`: null, or why it may throw.
struct Registered {
  Registered(const char* name, const char* reason, void (*call)(Trial&));
};

inline constexpr const char* kText = "makes a std::string, and throws what that throws";
inline constexpr const char* kValue = "grows or copies a value of the caller, which stays as it was";
inline constexpr const char* kBytes = "makes a source or stream before anything is read from it";

}  // namespace exports

#define EXPORTS_NAME2(a, b) a##b
#define EXPORTS_NAME(a, b) EXPORTS_NAME2(a, b)
#define EXPORTS_REGISTER(name, reason, number)                                                                     \
  static void EXPORTS_NAME(call_, number)(::exports::Trial & trial);                                               \
  static const ::exports::Registered EXPORTS_NAME(registered_, number)(name, reason, EXPORTS_NAME(call_, number)); \
  static void EXPORTS_NAME(call_, number)(::exports::Trial & trial)
#define EXPORTED(name) EXPORTS_REGISTER(name, nullptr, __COUNTER__)
#define THROWS(name, reason) EXPORTS_REGISTER(name, reason, __COUNTER__)
#define CALL(...) trial.call<noexcept(__VA_ARGS__)>([&]() -> decltype(auto) { return __VA_ARGS__; })
