// Errors as values. An Error carries a condition that code branches on, a short code for logs and
// metrics (a string literal from a fixed set), and a detail for a human. Details must never hold
// phone numbers, transcripts or keys: they are logged.
#pragma once

#include <boost/system/result.hpp>

#include <string>

namespace holdfast::base {

// What the caller of a failed operation should do. Code branches on this, never on text.
enum class Condition {
    retry,      // the same operation may succeed a little later
    fall_back,  // give up this way, take the next one (another rung, the emergency file)
    reject,     // the input was wrong; refuse it, nothing of ours is broken
    fatal,      // configuration or credential is wrong; trying again cannot help
};

const char* to_string(Condition condition);

struct Error {
    Condition condition = Condition::reject;
    const char* code = "";  // static storage, e.g. "form_too_large"
    std::string detail;
};

inline Error make_error(Condition condition, const char* code, std::string detail = {}) {
    return Error{condition, code, std::move(detail)};
}

// Result<T> holds a T or an Error. `if (!r) return r.error();`
template <class T>
using Result = boost::system::result<T, Error>;

// Called by Result::value() on an error. Start-up code may let it fly; everything else tests first.
[[noreturn]] void throw_exception_from_error(const Error& error, const boost::source_location& where);

}  // namespace holdfast::base
