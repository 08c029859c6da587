import { Validations } from 'aws-cdk-lib';
import { WebSocketApi, WebSocketStage } from 'aws-cdk-lib/aws-apigatewayv2';
import { WebSocketLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import { socketUrls } from '../config/addresses.ts';
import type { Stage } from '../config/stage.ts';

const STAGE_NAME = 'v1';

export type SocketTargets = Record<'connect' | 'disconnect' | 'message', IFunction>;

/** The WebSocket API: made before what it calls, as functions are given its address; `serve` adds the routes. */
export class SocketApi extends Construct {
  readonly stage: WebSocketStage;
  /** What clients connect to. */
  readonly connectUrl: string;
  /** What messages to clients are posted through. */
  readonly callbackUrl: string;
  readonly #api: WebSocketApi;

  constructor(scope: Construct, id: string, stage: Stage) {
    super(scope, id);
    // No route is named after an action: all messages go to one function, which parses them.
    this.#api = new WebSocketApi(this, 'Api', { routeSelectionExpression: '$request.body.action' });
    this.stage = new WebSocketStage(this, 'Stage', {
      webSocketApi: this.#api,
      stageName: STAGE_NAME,
      autoDeploy: true,
      // For new connections and messages of clients; what we post counts against the account only.
      throttle: { rateLimit: 500, burstLimit: 500 },
    });
    Validations.of(this.stage).acknowledge({
      id: 'AwsSolutions-APIG1',
      reason:
        'An access log of a WebSocket API needs a role in the settings of the whole account, which are not ours to change; the functions log connects and refusals.',
    });
    const urls = socketUrls(this, stage, this.#api.apiId, STAGE_NAME);
    this.connectUrl = urls.connect;
    this.callbackUrl = urls.callback;
  }

  serve(targets: SocketTargets): void {
    const routes = [
      this.#api.addRoute('$connect', {
        integration: new WebSocketLambdaIntegration('connect', targets.connect),
      }),
      this.#api.addRoute('$disconnect', {
        integration: new WebSocketLambdaIntegration('disconnect', targets.disconnect),
      }),
      this.#api.addRoute('$default', {
        integration: new WebSocketLambdaIntegration('message', targets.message),
      }),
    ];
    for (const route of routes) {
      Validations.of(route).acknowledge({
        id: 'AwsSolutions-APIG4',
        reason: '$connect consumes a single-use ticket and refuses the upgrade without one.',
      });
    }
  }
}
