import { Duration, RemovalPolicy, Validations } from 'aws-cdk-lib';
import { AccessLogFormat } from 'aws-cdk-lib/aws-apigateway';
import {
  CorsHttpMethod,
  HttpApi,
  HttpMethod,
  HttpRoute,
  HttpRouteKey,
  HttpStage,
  LogGroupLogDestination,
} from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { gatewayPaths } from '../../shared/contracts/routes/index.ts';
import type { Area } from '../../shared/contracts/routes/route.ts';
import { httpApiUrl } from '../config/addresses.ts';
import { leftOutLocally } from '../config/left-out-locally.ts';
import type { Stage } from '../config/stage.ts';

/** Where each area's requests go, and those of runners and agents. */
export type ApiTargets = Record<Area | 'agent', IFunction>;

/**
 * The HTTP API. It is made before what it calls, so that its address can be given to functions; `serve` adds the
 * routes. Who may call is decided by the functions: every refusal is then a proper problem.
 */
export class PublicApi extends Construct {
  /** Base address, without a slash at its end. */
  readonly url: string;
  readonly #api: HttpApi;

  constructor(scope: Construct, id: string, stage: Stage) {
    super(scope, id);
    const corsPreflight = leftOutLocally(stage, 'cors-configuration', () => corsOf(stage));
    this.#api = new HttpApi(this, 'Api', {
      createDefaultStage: false,
      ...(corsPreflight !== undefined && { corsPreflight }),
    });
    this.url = httpApiUrl(this, stage, this.#api.apiId);
    const accessLog = new LogGroup(this, 'AccessLog', {
      retention: stage.logRetentionDays,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    new HttpStage(this, 'Stage', {
      httpApi: this.#api,
      stageName: '$default',
      autoDeploy: true,
      // An account has 10,000 requests a second for all its APIs and for messages to sockets: a fifth of them.
      throttle: { rateLimit: 2000, burstLimit: 1000 },
      accessLogSettings: { destination: new LogGroupLogDestination(accessLog), format: accessLogFormat },
    });
  }

  /** Sends each path to the function of its area, and everything else to the one that says 404. */
  serve(targets: ApiTargets): void {
    for (const area of ['public', 'access', 'definitions', 'runs', 'platforms'] as const) {
      const integration = integrationOf(area, targets[area]);
      for (const path of gatewayPaths(area)) this.#addRoute(path, integration);
      if (area === 'public') this.#addDefaultRoute(integration);
    }
    this.#addRoute('/v1/agent/{proxy+}', integrationOf('agent', targets.agent));
  }

  #addRoute(path: string, integration: HttpLambdaIntegration): void {
    acknowledgeOpen(this.#api.addRoutes({ path, methods: [HttpMethod.ANY], integration }));
  }

  #addDefaultRoute(integration: HttpLambdaIntegration): void {
    acknowledgeOpen([
      new HttpRoute(this, 'DefaultRoute', {
        httpApi: this.#api,
        routeKey: HttpRouteKey.DEFAULT,
        integration,
      }),
    ]);
  }
}

/** One permission for all routes of a function: a function's policy may have 20 KB, a permission each would not fit. */
const integrationOf = (id: string, target: IFunction) =>
  new HttpLambdaIntegration(id, target, { scopePermissionToRoute: false });

function acknowledgeOpen(routes: HttpRoute[]): void {
  for (const route of routes) {
    Validations.of(route).acknowledge({
      id: 'AwsSolutions-APIG4',
      reason:
        'The function behind it checks the token: JWT or API token for people, claim or lease for runners.',
    });
  }
}

function corsOf({ corsOrigins }: Stage) {
  if (corsOrigins.length === 0) return undefined;
  return {
    allowOrigins: corsOrigins,
    allowMethods: [CorsHttpMethod.ANY],
    allowHeaders: ['authorization', 'content-type', 'idempotency-key', 'if-match'],
    exposeHeaders: ['etag', 'goldsmith-incomplete', 'link', 'location', 'retry-after'],
    // Browsers cut it to two hours or less.
    maxAge: Duration.hours(2),
  };
}

/** Without the query string, which holds what people search their logs for. */
const accessLogFormat = AccessLogFormat.custom(
  JSON.stringify({
    requestId: '$context.requestId',
    time: '$context.requestTime',
    ip: '$context.identity.sourceIp',
    method: '$context.httpMethod',
    path: '$context.path',
    route: '$context.routeKey',
    status: '$context.status',
    milliseconds: '$context.responseLatency',
    error: '$context.integrationErrorMessage',
  }),
);
