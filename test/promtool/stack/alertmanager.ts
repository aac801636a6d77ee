import {
  alertmanagerNotificationsFailing,
  alertmanagerReloadFailed,
  prometheusNotificationsDropped,
  prometheusQueueFilling,
  prometheusWithoutAlertmanager,
} from '../../../alerts/stack/alertmanager.ts'
import {
  alertmanagerReloaded,
  alertmanagersDiscovered,
  notificationQueueCapacity,
  notificationQueueLength,
  notifications,
  notificationsDropped,
  notificationsFailed,
} from '../../../metrics/foreign.ts'
import type { Case } from '../case.ts'
import { scraped, series } from '../series.ts'

const dropped: readonly Case[] = [
  {
    name: 'alerts that no Alertmanager takes are told',
    about: prometheusNotificationsDropped,
    series: [series(notificationsDropped, 'prometheus', '0+2x40')],
    at: '30m',
    fires: [{ rule: prometheusNotificationsDropped, labels: scraped.prometheus, value: '20' }],
  },
  {
    name: 'two alerts that were dropped at the start are not told',
    about: prometheusNotificationsDropped,
    series: [series(notificationsDropped, 'prometheus', '0 2x40')],
    at: '8m',
    fires: [],
  },
  {
    name: 'alerts that are dropped since a minute are not told',
    about: prometheusNotificationsDropped,
    series: [series(notificationsDropped, 'prometheus', '0x19 0+10x20')],
    at: '22m',
    fires: [],
  },
]

const everySecond = '0 1 '.repeat(20).trim()

const without: readonly Case[] = [
  {
    name: 'a Prometheus that knows no Alertmanager is told',
    about: prometheusWithoutAlertmanager,
    series: [series(alertmanagersDiscovered, 'prometheus', '0x20')],
    at: '10m',
    fires: [{ rule: prometheusWithoutAlertmanager, labels: scraped.prometheus }],
  },
  {
    name: 'a Prometheus that knows one Alertmanager is not told',
    about: prometheusWithoutAlertmanager,
    series: [series(alertmanagersDiscovered, 'prometheus', '1x20')],
    at: '10m',
    fires: [],
  },
  {
    name: 'an agent, which tells nobody, is not told to know none',
    about: prometheusWithoutAlertmanager,
    series: [series(alertmanagersDiscovered, 'agent', '0x20')],
    at: '10m',
    fires: [],
  },
  {
    name: 'a Prometheus that loses its Alertmanager every second minute is not told to know none',
    about: prometheusWithoutAlertmanager,
    series: [series(alertmanagersDiscovered, 'prometheus', everySecond)],
    at: '20m',
    fires: [],
  },
  {
    name: 'a Prometheus that knows no Alertmanager in its first minutes is not told',
    about: prometheusWithoutAlertmanager,
    series: [series(alertmanagersDiscovered, 'prometheus', '0x3 1x20')],
    at: '3m',
    fires: [],
  },
]

const queue = (length: string) => [
  series(notificationQueueLength, 'prometheus', length),
  series(notificationQueueCapacity, 'prometheus', '10000x60'),
]
const filling: readonly Case[] = [
  {
    name: 'a queue of alerts that is more than half full is told',
    about: prometheusQueueFilling,
    series: queue('6000x30'),
    at: '20m',
    fires: [{ rule: prometheusQueueFilling, labels: scraped.prometheus, value: '60%' }],
  },
  {
    name: 'a queue of alerts that is nearly half full is not told',
    about: prometheusQueueFilling,
    series: queue('4900x30'),
    at: '20m',
    fires: [],
  },
  {
    name: 'a queue of alerts that is emptied in between is not told',
    about: prometheusQueueFilling,
    series: queue('9000x3 0 9000x3 0 9000x3 0 9000x3 0 9000x20'),
    at: '15m',
    fires: [],
  },
  {
    name: 'a queue of alerts that is full since eight minutes is not told',
    about: prometheusQueueFilling,
    series: queue('0x10 9000x20'),
    at: '18m',
    fires: [],
  },
]

const reload: readonly Case[] = [
  {
    name: 'a configuration that Alertmanager refuses is told',
    about: alertmanagerReloadFailed,
    series: [series(alertmanagerReloaded, 'alertmanager', '1x5 0x30')],
    at: '25m',
    fires: [{ rule: alertmanagerReloadFailed, labels: scraped.alertmanager }],
  },
  {
    name: 'a configuration that Alertmanager takes is not told',
    about: alertmanagerReloadFailed,
    series: [series(alertmanagerReloaded, 'alertmanager', '1x40')],
    at: '25m',
    fires: [],
  },
  {
    name: 'a configuration of Alertmanager that is refused every second time is not told',
    about: alertmanagerReloadFailed,
    series: [series(alertmanagerReloaded, 'alertmanager', everySecond)],
    at: '25m',
    fires: [],
  },
  {
    name: 'a configuration of Alertmanager that was mended within ten minutes is not told',
    about: alertmanagerReloadFailed,
    series: [series(alertmanagerReloaded, 'alertmanager', '1x5 0x9 1x20')],
    at: '15m',
    fires: [],
  },
]

const sent = (integration: string, tried: string, failed: string) => [
  series(notifications, 'alertmanager', tried, { integration }),
  series(notificationsFailed, 'alertmanager', failed, { integration }),
]
const failing: readonly Case[] = [
  {
    name: 'a channel of which half the messages fail is told, and one that works is not',
    about: alertmanagerNotificationsFailing,
    series: [...sent('slack', '0+2x60', '0+1x60'), ...sent('email', '0+2x60', '0x60')],
    at: '40m',
    fires: [
      {
        rule: alertmanagerNotificationsFailing,
        labels: { ...scraped.alertmanager, integration: 'slack' },
        value: '50%',
      },
    ],
  },
  {
    name: 'a channel of which three messages of six failed is told',
    about: alertmanagerNotificationsFailing,
    series: sent('email', '0x20 6x40', '0x20 3x40'),
    at: '40m',
    fires: [
      {
        rule: alertmanagerNotificationsFailing,
        labels: { ...scraped.alertmanager, integration: 'email' },
        value: '50%',
      },
    ],
  },
  {
    name: 'a channel of which one message in twenty fails is not told',
    about: alertmanagerNotificationsFailing,
    series: sent('webhook', '0+20x60', '0+1x60'),
    at: '40m',
    fires: [],
  },
  {
    name: 'a channel of which the only message of half an hour failed is not told',
    about: alertmanagerNotificationsFailing,
    series: sent('pagerduty', '0x30 1x30', '0x30 1x30'),
    at: '45m',
    fires: [],
  },
  {
    name: 'a channel that nothing is sent by is not told',
    about: alertmanagerNotificationsFailing,
    series: sent('opsgenie', '0x60', '0x60'),
    at: '40m',
    fires: [],
  },
  {
    name: 'a channel that fails since this evaluation is not told',
    about: alertmanagerNotificationsFailing,
    series: sent('slack', '0+1x100', '0x78 5x20'),
    step: '30s',
    at: '40m',
    fires: [],
  },
]

export const alertmanagerCases: readonly Case[] = [...dropped, ...without, ...filling, ...reload, ...failing]
