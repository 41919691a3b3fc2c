// Aligned columns. The last one takes what is left of k_columns and wraps or is cut. Pure.
#pragma once

#include "holdfastctl/text.hpp"

#include <functional>
#include <string>
#include <vector>

namespace holdfast::ctl {

enum class Last { wrap, cut };

class Table {
  public:
    // A column whose head begins with '>' is aligned to the right.
    Table(std::vector<std::string> heads, Last last);
    void add(std::vector<std::string> cells);  // printable text
    // Colours a column by what its cells say; not the last one.
    void paint_column(std::size_t column, std::function<Paint(const std::string&)> choose);
    std::string str(const Look& look, std::string_view indent = "") const;

  private:
    std::vector<std::size_t> widths(std::size_t indent) const;
    std::string cell(const Look& look, std::size_t column, const std::string& text,
                     std::size_t width) const;

    std::vector<std::string> heads_;
    std::vector<bool> right_;
    Last last_;
    std::vector<std::vector<std::string>> rows_;
    std::vector<std::function<Paint(const std::string&)>> paints_;
};

}  // namespace holdfast::ctl
