#include "holdfastctl/table.hpp"

#include <algorithm>
#include <utility>

namespace holdfast::ctl {
namespace {

constexpr std::string_view k_gap = "  ";
constexpr std::size_t k_last_least = 10;

void trim_right(std::string& line) {
    line.erase(line.find_last_not_of(' ') + 1);
}

}  // namespace

Table::Table(std::vector<std::string> heads, Last last) : heads_(std::move(heads)), last_(last) {
    for (auto& head : heads_) {
        right_.push_back(!head.empty() && head.front() == '>');
        if (right_.back()) head.erase(0, 1);
    }
    paints_.resize(heads_.size());
}

void Table::add(std::vector<std::string> cells) {
    cells.resize(heads_.size());
    rows_.push_back(std::move(cells));
}

void Table::paint_column(std::size_t column, std::function<Paint(const std::string&)> choose) {
    paints_[column] = std::move(choose);
}

std::vector<std::size_t> Table::widths(std::size_t indent) const {
    std::vector<std::size_t> widths;
    std::size_t used = indent;
    for (std::size_t i = 0; i + 1 < heads_.size(); ++i) {
        std::size_t width = columns(heads_[i]);
        for (const auto& row : rows_) width = std::max(width, columns(row[i]));
        widths.push_back(width);
        used += width + k_gap.size();
    }
    widths.push_back(used + k_last_least < k_columns ? k_columns - used : k_last_least);
    return widths;
}

std::string Table::cell(const Look& look, std::size_t column, const std::string& text,
                        std::size_t width) const {
    const auto placed = right_[column] ? pad_left(text, width) : pad(text, width);
    return paints_[column] ? paint(look, paints_[column](text), placed) : placed;
}

std::string Table::str(const Look& look, std::string_view indent) const {
    const auto width = widths(indent.size());
    const auto last = heads_.size() - 1;
    std::string out;
    const auto put_line = [&out, indent](std::string line) {
        trim_right(line);
        out += std::string(indent) + line + "\n";
    };
    std::string line;
    for (std::size_t i = 0; i < last; ++i) {
        line += (right_[i] ? pad_left(heads_[i], width[i]) : pad(heads_[i], width[i])) +
                std::string(k_gap);
    }
    line += heads_[last];
    trim_right(line);
    out += std::string(indent) + paint(look, Paint::dim, line) + "\n";

    for (const auto& row : rows_) {
        line.clear();
        for (std::size_t i = 0; i < last; ++i)
            line += cell(look, i, row[i], width[i]) + std::string(k_gap);
        if (last_ == Last::cut) {
            put_line(line + cut(row[last], width[last]));
            continue;
        }
        const std::string margin(k_columns - width[last] - indent.size(), ' ');
        for (const auto& part : wrap(row[last], width[last])) {
            put_line(line + part);
            line = margin;
        }
    }
    return out;
}

}  // namespace holdfast::ctl
