#include "config/problem.hpp"

namespace holdfast::config {

std::string to_string(const Problem& problem) {
    std::string out = problem.file;
    if (problem.line > 0) {
        out.append(":")
            .append(std::to_string(problem.line))
            .append(":")
            .append(std::to_string(problem.column));
    }
    out += ": ";
    if (!problem.key.empty()) out.append(problem.key).append(": ");
    out += problem.problem;
    if (!problem.expected.empty()) out.append(" (expected ").append(problem.expected).append(")");
    return out;
}

}  // namespace holdfast::config
