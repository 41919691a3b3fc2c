#include "base/error.hpp"

#include <stdexcept>

namespace holdfast::base {

const char* to_string(Condition condition) {
    switch (condition) {
        case Condition::retry: return "retry";
        case Condition::fall_back: return "fall_back";
        case Condition::reject: return "reject";
        case Condition::fatal: return "fatal";
    }
    return "unknown";
}

void throw_exception_from_error(const Error& error, const boost::source_location&) {
    throw std::runtime_error(std::string(error.code) + ": " + error.detail);
}

}  // namespace holdfast::base
