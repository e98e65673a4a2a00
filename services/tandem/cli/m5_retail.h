// A panel read from M5's files, as the forecasting library takes it.
#pragma once

#include "forecasting/backtest/retail_backtest.h"
#include "forecasting/profile/calendar.h"
#include "services/tandem/cli/m5_panel.h"

namespace tandem::cli {

// Weekdays, dates and named events of every day of the calendar; SNAP days by state.
forecasting::RetailCalendar RetailCalendarOf(const M5Panel& panel);

// Views of the panel and the calendar, which must outlive it.
forecasting::RetailHistory RetailHistoryOf(const M5Panel& panel,
                                           const forecasting::RetailCalendar& calendar);

}  // namespace tandem::cli
