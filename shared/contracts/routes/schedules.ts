import { listQuery, pageOf } from '../common.ts';
import {
  firingSchema,
  nextFiringsSchema,
  scheduleInput,
  schedulePreviewInput,
  schedulePreviewSchema,
  scheduleSchema,
} from '../entities/schedule.ts';
import { entityRoutes } from './entity-routes.ts';
import { inWorkspace, type Route } from './route.ts';

const schedules = entityRoutes({
  path: 'schedules',
  patch: 'SchedulePatch',
  noun: 'a schedule',
  input: scheduleInput,
  output: scheduleSchema,
  query: listQuery,
});

/** Time rules with any number of definitions. */
export const scheduleRoutes = {
  createSchedule: schedules.create,
  listSchedules: schedules.list,
  readSchedule: schedules.read,
  changeSchedule: schedules.change,
  deleteSchedule: schedules.remove,
  previewSchedule: {
    method: 'POST',
    path: `${inWorkspace}/schedules/preview`,
    area: 'definitions',
    role: 'viewer',
    summary: 'The next five firings of a schedule that is not saved; stores nothing',
    body: schedulePreviewInput,
    status: 200,
    response: schedulePreviewSchema,
  },
  readNextFirings: {
    method: 'GET',
    path: `${schedules.read.path}/next-firings`,
    area: 'definitions',
    role: 'viewer',
    summary: 'The next five firings of a schedule, or why there are none',
    status: 200,
    response: nextFiringsSchema,
  },
  listFirings: {
    method: 'GET',
    path: `${schedules.read.path}/firings`,
    area: 'definitions',
    role: 'viewer',
    summary: 'Past firings of a schedule, newest first: what each started, what it skipped and why',
    query: listQuery.pick({ limit: true, cursor: true }),
    status: 200,
    response: pageOf(firingSchema),
  },
} as const satisfies Record<string, Route>;
