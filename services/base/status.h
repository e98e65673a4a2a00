// The two macros that Abseil 20220623 lacks.
//
//   TANDEM_RETURN_IF_ERROR(Check(request));
//   TANDEM_ASSIGN_OR_RETURN(const Day day, Day::Parse(text));
#pragma once

#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#define TANDEM_RETURN_IF_ERROR(expression)         \
  do {                                             \
    absl::Status tandem_status = (expression);     \
    if (!tandem_status.ok()) return tandem_status; \
  } while (false)

#define TANDEM_CONCAT_INNER(a, b) a##b
#define TANDEM_CONCAT(a, b) TANDEM_CONCAT_INNER(a, b)
#define TANDEM_ASSIGN_OR_RETURN(declaration, expression) \
  TANDEM_ASSIGN_OR_RETURN_AS(TANDEM_CONCAT(tandem_result_, __LINE__), declaration, expression)
#define TANDEM_ASSIGN_OR_RETURN_AS(result, declaration, expression) \
  auto result = (expression);                                       \
  if (!result.ok()) return std::move(result).status();              \
  declaration = *std::move(result)
