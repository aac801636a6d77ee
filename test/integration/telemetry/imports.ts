import { get } from 'node:http'
import express from 'express'
import fastify from 'fastify'
import { Redis } from 'ioredis'
import pg from 'pg'
import { serve } from './app.ts'

await serve({ express, fastify, pg, Redis }, get)
